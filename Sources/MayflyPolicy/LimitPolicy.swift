package import MayflyModel

/// Judges an action that the grant allows by the token's limits, as far as they need no memory: pure, default deny.
///
/// What is used up by use is stated here and counted by whoever keeps the budgets.
package enum LimitPolicy {
    package enum Verdict: Equatable, Sendable {
        /// The action is within the limits, and takes so much of each budget.
        case within(Amounts)
        case denied(ActionDecision.Denial)
    }

    /// `isReadOnly` is what the resource declares of the action; `properties` are what the tool states of it.
    ///
    /// Each limit asks for its own property: `environments` for `env`, `max_cost` for `cost`, `max_records` for
    /// `records`. One that is not stated is a refusal, and never counts as nothing.
    package static func judge(
        _ limits: Limits, isReadOnly: Bool, properties: JSONObject, at now: Timestamp
    ) -> Verdict {
        if let hours = limits.hours, !hours.contains(now) { return .denied(.outsideHours) }
        if limits.readOnly, !isReadOnly { return .denied(.exceeds(Limits.Member.readOnly.rawValue)) }
        if let environments = limits.environments {
            guard let stated = properties["env"] else { return .denied(.memberMissing("env")) }
            guard let environment = stated.stringValue.flatMap(ExactText.init), environments.contains(environment)
            else { return .denied(.exceeds("env")) }
        }
        var amounts = Amounts(calls: limits.maximumCalls == nil ? nil : 1)
        if let limit = limits.maximumCost {
            let name = Amounts.Member.cost.rawValue
            guard let stated = properties[name] else { return .denied(.memberMissing(name)) }
            guard let cost = Money(stated), cost.currency == limit.currency else { return .denied(.exceeds(name)) }
            amounts.cost = cost
        }
        if limits.maximumRecords != nil {
            let name = Amounts.Member.records.rawValue
            guard let stated = properties[name] else { return .denied(.memberMissing(name)) }
            guard let records = stated.integerValue, records >= 0 else { return .denied(.exceeds(name)) }
            amounts.records = records
        }
        return .within(amounts)
    }
}
