import MayflyModel

/// Counts what is under supervision, for each agent.
///
/// It follows the records one by one, so that a draft and the published state each keep their own.
struct SupervisionIndex: Sendable {
    private var byAgent: [AgentID: Int] = [:]
    private(set) var count = 0

    func count(of agent: AgentID) -> Int { byAgent[agent] ?? 0 }

    /// Whether one more of `agent` may be kept.
    func hasRoom(for agent: AgentID) -> Bool {
        count < Supervision.maximumCount && count(of: agent) < Supervision.maximumByAgent
    }

    /// Takes note of one record's change; nil is a record that is not there.
    mutating func replace(_ old: Supervision?, with new: Supervision?) {
        if let old { add(old.agent, -1) }
        if let new { add(new.agent, 1) }
    }

    private mutating func add(_ agent: AgentID, _ step: Int) {
        count += step
        let sum = count(of: agent) + step
        byAgent[agent] = sum > 0 ? sum : nil
    }
}
