package import MayflyModel

extension Budget {
    /// Too little is left of one limit.
    package struct Exhausted: Error, Equatable, Sendable {
        package let member: Limits.Member
    }

    /// This budget with `amounts` spent; throws for the first limit that they go past, and then nothing is spent.
    ///
    /// An amount that a limit counts and nobody stated is too much.
    package func taking(_ amounts: Amounts) throws(Exhausted) -> Budget {
        var budget = self
        if let limit = limits.maximumCalls {
            guard let more = amounts.calls, let sum = Self.sum(calls, more, within: limit) else {
                throw Exhausted(member: .calls)
            }
            budget.calls = sum
        }
        if let limit = limits.maximumCost {
            guard let more = amounts.cost, more.currency == limit.currency,
                let sum = cost.adding(more.amount), sum <= limit.amount
            else { throw Exhausted(member: .cost) }
            budget.cost = sum
        }
        if let limit = limits.maximumRecords {
            guard let more = amounts.records, let sum = Self.sum(records, more, within: limit) else {
                throw Exhausted(member: .records)
            }
            budget.records = sum
        }
        return budget
    }

    /// This budget with `amounts` given back and one reservation less; nil when that is more than was taken.
    package func returning(_ amounts: Amounts) -> Budget? {
        var budget = self
        guard openReservations > 0 else { return nil }
        budget.openReservations -= 1
        if limits.maximumCalls != nil, let back = amounts.calls {
            guard 0 <= back, back <= calls else { return nil }
            budget.calls -= back
        }
        if let limit = limits.maximumCost, let back = amounts.cost {
            guard back.currency == limit.currency, let rest = cost.subtracting(back.amount) else { return nil }
            budget.cost = rest
        }
        if limits.maximumRecords != nil, let back = amounts.records {
            guard 0 <= back, back <= records else { return nil }
            budget.records -= back
        }
        return budget
    }

    /// What may still be spent, of each member that is limited.
    package var remaining: Amounts {
        Amounts(
            calls: limits.maximumCalls.map { max($0 - calls, 0) },
            cost: limits.maximumCost.map {
                Money(amount: $0.amount.subtracting(cost) ?? .zero, currency: $0.currency)
            },
            records: limits.maximumRecords.map { max($0 - records, 0) })
    }

    /// `spent + more`; nil past the limit.
    private static func sum(_ spent: Int64, _ more: Int64, within limit: Int64) -> Int64? {
        let (sum, overflow) = spent.addingReportingOverflow(more)
        return more < 0 || overflow || sum > limit ? nil : sum
    }
}
