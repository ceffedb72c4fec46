/// The value of one member of an authorization detail, and the order that narrowing rests on.
package enum MemberValue: Hashable, Sendable {
    /// Never empty: an object with an empty set would allow nothing, and nothing must have one spelling only.
    case set(SortedSet<ExactText>)
    case text(ExactText)
    case integer(Int64)
    case decimal(DecimalNumber)
    /// The currency is three capital letters (ISO 4217).
    case money(DecimalNumber, currency: String)
    /// The segments from the root down; none for the root itself, `/`.
    case path([ExactText])
    case flag(Bool)

    /// Elements of one set.
    package static let maximumSetElements = 64
    /// Segments of one path.
    package static let maximumPathSegments = 64

    /// Whether this value allows no more than `bound` does (`self ⊑ bound`).
    ///
    /// Values that the order cannot compare, such as two currencies, are not within each other.
    package func isWithin(_ bound: MemberValue, order: MemberOrder) -> Bool {
        switch (order, self, bound) {
        case (.set, .set(let mine), .set(let theirs)): mine.isSubset(of: theirs)
        case (.exact, _, _): self == bound
        case (.max, .integer(let mine), .integer(let theirs)): mine <= theirs
        case (.max, .decimal(let mine), .decimal(let theirs)): mine <= theirs
        case (.max, .money(let mine, let currency), .money(let theirs, let other)):
            currency == other && mine <= theirs
        case (.min, _, _): bound.isWithin(self, order: .max)
        case (.path, .path(let mine), .path(let theirs)): mine.starts(with: theirs)
        case (.flag, .flag(let mine), .flag(let theirs)): mine || !theirs
        default: false
        }
    }

    /// The most that both values allow (`self ∧ other`), or nil when they have nothing in common.
    ///
    /// Only sets can overlap without one holding the other; in every other order the meet is the narrower of two
    /// comparable values.
    package func meet(_ other: MemberValue, order: MemberOrder) -> MemberValue? {
        if isWithin(other, order: order) { return self }
        if other.isWithin(self, order: order) { return other }
        guard order == .set, case .set(let mine) = self, case .set(let theirs) = other else { return nil }
        let common = mine.intersection(theirs)
        return common.isEmpty ? nil : .set(common)
    }

    /// Numbers that come later in lexicographic order the more the value allows; as many for every value of a member.
    func breadth(order: MemberOrder) -> [Int64] {
        let numbers: [Int64] =
            switch self {
            case .set(let set): [Int64(set.count)]
            case .text: []
            case .integer(let number): [number]
            case .decimal(let number), .money(let number, _): number.halves
            case .path(let segments): [Int64(-segments.count)]
            case .flag(let flag): [flag ? 0 : 1]
            }
        return switch order {
        // `~` turns the order round as `-` does, but is defined for every number.
        case .min: numbers.map { ~$0 }
        case .exact: []
        case .set, .max, .path, .flag: numbers
        }
    }
}
