import MayflyModel
import MayflyPolicy

extension Tables {
    /// The suspension of the agent whose request is too dangerous by the policy in force, if that demands it.
    ///
    /// In the commit of the refusal: the agent gets no other answer in between.
    func suspension(
        demandedBy ruling: PolicyRuling?, _ moment: Moment
    ) -> (changes: [Change], events: [LedgerEvent]) {
        guard let ruling, ruling.decision.suspendsAgent, ruling.number == policy.id,
            let id = AgentID(ruling.facts.agent.id), var agent = agents[id], agent.state == .active
        else { return ([], []) }
        agent.state = .suspended
        agent.epoch = moment.epoch
        agent.version += 1
        let event = LedgerEvent.change(
            agent, "suspend", actor: "policy:\(ruling.number)", reason: "\(ruling.decision.rule): tier 4")
        return ([.agent(agent)], [event])
    }
}
