package import MayflyModel
package import MayflyPolicy

/// One request about which somebody wants to know how usual it would be.
package struct BehaviourQuestion: Sendable {
    package var phase: PolicyPhase
    package var resource: ResourceName?
    package var scopes: ScopeSet
    /// The agent directly above in the chain.
    package var partner: AgentID?

    package init(
        phase: PolicyPhase, resource: ResourceName? = nil, scopes: ScopeSet = ScopeSet([]), partner: AgentID? = nil
    ) {
        self.phase = phase
        self.resource = resource
        self.scopes = scopes
        self.partner = partner
    }
}

extension Broker {
    /// What is known of an agent, for people, with how usual one request would be; nil for an agent that is not
    /// registered.
    package func behaviourReport(of agent: AgentID, asking question: BehaviourQuestion) -> JSONObject? {
        let found = state.read { tables -> (isRegistered: Bool, resource: String?) in
            let resource = question.resource.flatMap { tables.resources[$0]?.spec.identifier.text }
            return (tables.agents[agent] != nil, resource ?? question.resource?.text)
        }
        guard found.isRegistered else { return nil }
        let request = BehaviourRequest(
            phase: question.phase, scopes: question.scopes.scopes.map(\.text), resource: found.resource,
            partner: question.partner?.text)
        let now = clock.now()
        var report = behaviour.report(of: agent, at: now)
        report["facts"] = .object(behaviour.facts(of: request, by: agent, at: now).json)
        return report
    }
}

extension BehaviourBook {
    fileprivate func report(of agent: AgentID, at now: Timestamp) -> JSONObject {
        var report: JSONObject = ["agent": .string(agent.text)]
        let known = look(at: agent)
        report["known"] = .bool(known?.isKnown ?? false)
        report["requests"] = .integer(known?.seen ?? 0)
        report["requests_needed"] = .integer(AgentBehaviour.leastSeen)
        guard var behaviour = known else { return report }
        report["last_seen"] = .string(RFC3339.format(behaviour.time.timestamp))
        behaviour.advance(to: BehaviourTime(now))
        report["active_days"] = Decay.json(behaviour.days)
        report["hours"] = .array(behaviour.hours.map { Decay.json(Int64($0)) })
        report["scopes"] = behaviour.scopes.report
        report["resources"] = behaviour.resources.report
        report["partners"] = behaviour.partners.report
        report["mint"] = .object(behaviour.mints.report)
        report["action"] = .object(behaviour.actions.report)
        return report
    }
}

extension WeightedNames {
    /// The names, the weightiest first.
    fileprivate var report: JSONValue {
        let sorted = entries.sorted { ($1.weight, $0.name) < ($0.weight, $1.name) }
        return .array(
            sorted.map { .object(["name": .string($0.name), "count": Decay.json($0.weight)]) })
    }
}

extension BehaviourPace {
    fileprivate var report: JSONObject {
        [
            "recent": Decay.json(recent), "recent_refused": Decay.json(recentRefused), "today": Decay.json(today),
            "peak_today": Decay.json(peak), "peak_usual": Decay.json(usual), "weeks": Decay.json(total),
            "weeks_refused": Decay.json(totalRefused),
        ]
    }
}

extension Decay {
    /// A counter in requests, with at most three decimals.
    fileprivate static func json(_ count: Int64) -> JSONValue {
        let (whole, rest) = count.quotientAndRemainder(dividingBy: one)
        guard rest > 0 else { return .integer(whole) }
        var digits = String(one + rest).dropFirst()
        while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
        return .number("\(whole).\(digits)")
    }
}
