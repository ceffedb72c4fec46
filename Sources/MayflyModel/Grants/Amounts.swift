/// Calls, cost and records: what an action takes from a budget, what is left in one, or what is given back.
///
/// Nil is what no limit counts.
package struct Amounts: Hashable, Sendable {
    package enum Member: String, CaseIterable, Sendable {
        case calls
        case cost
        case records
    }

    package static let nothing = Amounts()

    package var calls: Int64?
    package var cost: Money?
    package var records: Int64?

    package init(calls: Int64? = nil, cost: Money? = nil, records: Int64? = nil) {
        (self.calls, self.cost, self.records) = (calls, cost, records)
    }

    /// The members that are counted, in a fixed order.
    package var json: JSONObject {
        var object = JSONObject()
        object["calls"] = calls.map { .integer($0) }
        object["cost"] = cost?.json
        object["records"] = records.map { .integer($0) }
        return object
    }

    /// The smaller of each member; a cost in another currency counts as nothing left.
    package func least(_ other: Amounts) -> Amounts {
        var least = Amounts(
            calls: Self.least(calls, other.calls), cost: cost ?? other.cost,
            records: Self.least(records, other.records))
        if let mine = cost, let theirs = other.cost {
            let amount = mine.currency == theirs.currency ? min(mine.amount, theirs.amount) : .zero
            least.cost = Money(amount: amount, currency: mine.currency)
        }
        return least
    }

    private static func least(_ left: Int64?, _ right: Int64?) -> Int64? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }
}

extension Amounts {
    /// What a settlement cannot have used.
    package struct Overuse: Error, Equatable, Sendable {
        package let member: Member

        package init(member: Member) { self.member = member }
    }

    /// What is given back of this reservation once `used` of it was used; a member that is not stated was used up.
    ///
    /// `calls` of 0 says that the action was not done: then nothing else may have been used, and all of it comes back.
    package func unused(after used: Amounts) throws(Overuse) -> Amounts {
        if let calls = used.calls, calls < 0 || calls > 1 { throw Overuse(member: .calls) }
        let cost = try unusedCost(after: used)
        let records = try unusedRecords(after: used)
        guard used.calls == 0 else { return Amounts(cost: cost, records: records) }
        guard used.cost.map({ $0.amount == .zero }) ?? true, (used.records ?? 0) == 0 else {
            throw Overuse(member: .calls)
        }
        return self
    }

    private func unusedCost(after used: Amounts) throws(Overuse) -> Money? {
        guard let spent = used.cost else { return nil }
        guard let cost, cost.currency == spent.currency, let rest = cost.amount.subtracting(spent.amount) else {
            throw Overuse(member: .cost)
        }
        return Money(amount: rest, currency: cost.currency)
    }

    private func unusedRecords(after used: Amounts) throws(Overuse) -> Int64? {
        guard let spent = used.records else { return nil }
        guard let records, 0 <= spent, spent <= records else { throw Overuse(member: .records) }
        return records - spent
    }
}
