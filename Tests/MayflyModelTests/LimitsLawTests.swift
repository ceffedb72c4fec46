import MayflyModel
import Testing

/// The order of limits and its meet; each test runs once for each seed.
struct LimitsLawTests {
    private static let rounds = 200

    @Test(arguments: lawSeeds)
    func limitsArePartiallyOrdered(seed: UInt64) throws {
        var random = RandomLimits(seed: seed)
        for _ in 0..<Self.rounds {
            let (a, b, c) = (try random.limits(), try random.limits(), try random.limits())
            #expect(a.isWithin(a))
            if a.isWithin(b), b.isWithin(a) { #expect(a == b) }
            if a.isWithin(b), b.isWithin(c) { #expect(a.isWithin(c)) }
            #expect(a.isWithin(.none))
            #expect(!Limits.none.isWithin(a) || a.isNone)
            let lower = try random.narrower(than: a)
            #expect(lower.isWithin(a))
            #expect(!a.isWithin(lower) || a == lower)
            #expect(try random.narrower(than: lower).isWithin(a))
        }
    }

    @Test(arguments: lawSeeds)
    func meetIsTheGreatestLowerBound(seed: UInt64) throws {
        var random = RandomLimits(seed: seed)
        var absent = 0
        for _ in 0..<Self.rounds {
            let (a, b, c) = (try random.limits(), try random.limits(), try random.limits())
            let meet = a.meet(b)
            #expect(meet == b.meet(a))
            #expect(a.meet(a) == a)
            #expect(a.meet(.none) == a)
            #expect(meet.flatMap { $0.meet(c) } == b.meet(c).flatMap { a.meet($0) })
            #expect((meet == a) == a.isWithin(b))
            if let meet { #expect(meet.isWithin(a) && meet.isWithin(b)) } else { absent += 1 }
            for candidate in [c, try random.narrower(than: a), try random.narrower(than: b)]
            where candidate.isWithin(a) && candidate.isWithin(b) {
                #expect(meet.map(candidate.isWithin) == true)
            }
        }
        #expect(absent > 0 && absent < Self.rounds)
    }

    /// A set of hours is the minutes that it holds: order, meet and spelling agree with them.
    @Test(arguments: lawSeeds.prefix(10))
    func hoursAreTheirMinutes(seed: UInt64) throws {
        var random = RandomLimits(seed: seed)
        // 2026-11-23 is a Monday.
        let monday = try #require(RFC3339.parse("2026-11-23T00:00:00Z"))
        let week = (0..<7 * 1440).map { monday.advanced(bySeconds: Int64($0) * 60) }
        for _ in 0..<6 {
            guard let a = random.hours(), let b = random.hours() else { continue }
            let (inA, inB) = (Set(week.filter(a.contains)), Set(week.filter(b.contains)))
            #expect(a.isWithin(b) == inA.isSubset(of: inB))
            #expect((a == b) == (inA == inB))
            #expect(Set(week.filter { a.meet(b)?.contains($0) ?? false }) == inA.intersection(inB))
            #expect(HoursOfUse(a.json) == a)
            #expect(HoursOfUse(a.windows.shuffled(using: &random.generator)) == a)
        }
    }

    @Test(arguments: lawSeeds)
    func limitsAreWrittenOneWayAndReadBack(seed: UInt64) throws {
        var random = RandomLimits(seed: seed)
        for _ in 0..<Self.rounds {
            let limits = try random.limits()
            let reread = try Limits.Request(limits.json).limits
            #expect(reread == limits)
            #expect(JSONWriter.bytes(of: reread.json) == JSONWriter.bytes(of: limits.json))
            #expect(limits.spendable.spends == limits.spends)
            #expect(limits.isWithin(limits.spendable))
        }
    }
}
