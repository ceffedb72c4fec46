/// How much and when a token's rights may be used; nil and false limit nothing.
///
/// Limits are no right. A child's are within its parent's, and what is spent is counted for the whole tree below the
/// token that brought them in.
package struct Limits: Hashable, Sendable {
    /// The members as the wire names them.
    package enum Member: String, CaseIterable, Sendable {
        case calls = "max_calls"
        case cost = "max_cost"
        case records = "max_records"
        case timeout
        case readOnly = "read_only"
        case environments
        case hours
    }

    /// The longest `timeout`, a day; no token lives that long.
    package static let maximumTimeout: Int64 = 86_400
    package static let maximumEnvironments = 16

    package static let none = Limits()

    /// Actions that may be allowed, at least 1.
    package var maximumCalls: Int64?
    /// What the actions may cost together.
    package var maximumCost: Money?
    /// Records that the actions may touch together.
    package var maximumRecords: Int64?
    /// Seconds from its minting for which a token may be used, at least 1.
    package var timeout: Int64?
    /// Whether only actions that change nothing are allowed.
    package var readOnly = false
    /// The environments in which actions are allowed; never empty.
    package var environments: SortedSet<ExactText>?
    /// When in the week a token is active.
    package var hours: HoursOfUse?

    package init() {}

    package var isNone: Bool {
        !spends && timeout == nil && !readOnly && environments == nil && hours == nil
    }

    /// Whether something is used up by use, so that a budget must count it.
    package var spends: Bool { maximumCalls != nil || maximumCost != nil || maximumRecords != nil }

    /// The members that are used up, alone.
    package var spendable: Limits {
        var limits = Limits()
        limits.maximumCalls = maximumCalls
        limits.maximumCost = maximumCost
        limits.maximumRecords = maximumRecords
        return limits
    }
}

extension Limits {
    /// Whether these limits allow no more than `bound` does (`self ⊑ bound`).
    package func isWithin(_ bound: Limits) -> Bool { excess(over: bound) == nil }

    /// The first member that allows more than `bound` does, or that cannot be compared with it.
    func excess(over bound: Limits) -> Member? {
        if !Self.fits(maximumCalls, bound.maximumCalls, by: <=) { return .calls }
        if !Self.fits(maximumCost, bound.maximumCost, by: { $0.currency == $1.currency && $0.amount <= $1.amount }) {
            return .cost
        }
        if !Self.fits(maximumRecords, bound.maximumRecords, by: <=) { return .records }
        if !Self.fits(timeout, bound.timeout, by: <=) { return .timeout }
        if bound.readOnly, !readOnly { return .readOnly }
        if !Self.fits(environments, bound.environments, by: { $0.isSubset(of: $1) }) { return .environments }
        if !Self.fits(hours, bound.hours, by: { $0.isWithin($1) }) { return .hours }
        return nil
    }

    /// The most that both allow (`self ∧ other`); nil when nothing is within both, as with two currencies, or when it
    /// cannot be stated (`HoursOfUse.meet(_:)`).
    package func meet(_ other: Limits) -> Limits? {
        var meet = Limits()
        meet.maximumCalls = Self.lower(maximumCalls, other.maximumCalls)
        meet.maximumRecords = Self.lower(maximumRecords, other.maximumRecords)
        meet.timeout = Self.lower(timeout, other.timeout)
        meet.readOnly = readOnly || other.readOnly
        meet.maximumCost = maximumCost ?? other.maximumCost
        if let mine = maximumCost, let theirs = other.maximumCost {
            guard mine.currency == theirs.currency else { return nil }
            meet.maximumCost = mine.amount <= theirs.amount ? mine : theirs
        }
        meet.environments = environments ?? other.environments
        if let mine = environments, let theirs = other.environments {
            let common = mine.intersection(theirs)
            guard !common.isEmpty else { return nil }
            meet.environments = common
        }
        meet.hours = hours ?? other.hours
        if let mine = hours, let theirs = other.hours {
            guard let common = mine.meet(theirs) else { return nil }
            meet.hours = common
        }
        return meet
    }

    /// Whether a member fits its bound: no bound takes everything, and a bound never takes an absent limit.
    private static func fits<Value>(_ value: Value?, _ bound: Value?, by isWithin: (Value, Value) -> Bool) -> Bool {
        guard let bound else { return true }
        return value.map { isWithin($0, bound) } ?? false
    }

    private static func lower(_ left: Int64?, _ right: Int64?) -> Int64? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }
}
