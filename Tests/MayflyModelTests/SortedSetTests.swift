import MayflyModel
import Testing

/// Sets kept as sorted arrays, against the library's own.
struct SortedSetTests {
    @Test(arguments: lawSeeds)
    func operationsAgreeWithTheLibrarysSet(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let all = Array(0..<24)
        for _ in 0..<40 {
            let (a, b) = (random.subset(all).shuffled(using: &random), random.subset(all) + random.subset(all))
            let (left, right) = (SortedSet(a), SortedSet(b))
            #expect(left.elements == Set(a).sorted())
            #expect(right.elements == Set(b).sorted())
            for element in -1...24 { #expect(left.contains(element) == a.contains(element)) }
            #expect(left.isSubset(of: right) == Set(a).isSubset(of: b))
            #expect(left.union(right).elements == Set(a).union(b).sorted())
            #expect(left.intersection(right).elements == Set(a).intersection(b).sorted())
            #expect(left.subtracting(right).elements == Set(a).subtracting(b).sorted())
        }
    }

    @Test(arguments: lawSeeds)
    func intersectingWithAUnionIsTheUnionIntersected(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let all = (0..<20).compactMap { Scope("scope:\($0)") }
        for _ in 0..<40 {
            let bound = ScopeSet(random.subset(all))
            let sets = (0..<random.pick([0, 1, 2, 7])).map { _ in ScopeSet(random.subset(all, keeping: 15)) }
            let union = sets.reduce(ScopeSet()) { $0.union($1) }
            #expect(bound.intersection(ofUnion: sets) == union.intersection(bound))
        }
    }
}
