import MayflyBroker
import MayflyModel
import MayflyPolicy

/// `/api/v1/agents/{id}/behaviour`: what is usual for an agent, and how usual one request would be.
enum BehaviourAPI {
    static let endpoint = Endpoint(
        "GET", "/api/v1/agents/{id}/behaviour", "Read what is usual for an agent", access: .read,
        success: (200, "AgentBehaviour"), query: ["phase", "resource", "scope", "from"]
    ) { call throws(Failure) in
        let id = try call.identifier("id", AgentID.self)
        guard let report = call.broker.behaviourReport(of: id, asking: try question(call.request)) else {
            throw .broker(.notFound)
        }
        return .reply(AdminReply.object(report))
    }

    private static func question(_ request: HTTPRequest) throws(Failure) -> BehaviourQuestion {
        var question = BehaviourQuestion(phase: .mint)
        if let phase = try Page.choice("phase", PolicyPhase.self, request) { question.phase = phase }
        if let text = try Page.query("resource", request) {
            guard let name = ResourceName(text) else { throw .badQuery("resource is the short name of a resource") }
            question.resource = name
        }
        if let text = try Page.query("scope", request) {
            guard let scopes = try? ScopeSet.parse(text) else {
                throw .badQuery("scope is a list of scopes separated by single spaces")
            }
            question.scopes = scopes
        }
        if let text = try Page.query("from", request) {
            guard let partner = AgentID(lenient: text) else { throw .badQuery("from is the agent above in the chain") }
            question.partner = partner
        }
        return question
    }
}
