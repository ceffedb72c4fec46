import MayflyBroker
import MayflyModel

/// `/api/v1/agents`: registrations, and the steps of an agent's life.
enum AgentsAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/agents", "List agents", access: .read, success: (200, "AgentPage"),
            query: ["limit", "cursor", "owner", "state"]
        ) { call throws(Failure) in
            let owner = try Page.query("owner", call.request)
            let state = try Page.query("state", call.request)
            let page = call.broker.administration.agents(
                after: try Page.query("cursor", call.request), limit: try Page.size(call.request)
            ) { agent in
                (owner.map { agent.spec.owner == OwnerID(lenient: $0) } ?? true)
                    && (state.map { agent.state.rawValue == $0 } ?? true)
            }
            return .reply(Page.reply(name: "agents", page) { ($0.id.text, $0.stored) })
        },
        Endpoint(
            "POST", "/api/v1/agents", "Register an agent", access: .admin, request: "AgentSpec",
            success: (201, "Agent")
        ) { call throws(Failure) in
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try AgentSpec(&fields) }
            return try RegistryAPI.write(.agent(spec), &fields, if: .absent, call)
        },
        Endpoint("GET", "/api/v1/agents/{id}", "Read an agent", access: .read, success: (200, "Agent")) {
            call throws(Failure) in
            let id = try call.identifier("id", AgentID.self)
            guard let agent = call.broker.state.read({ $0.agents[id] }) else { throw .broker(.notFound) }
            return .reply(AdminReply.object(agent.stored, version: agent.version))
        },
        Endpoint(
            "PUT", "/api/v1/agents/{id}", "Replace an agent's registration", access: .admin, request: "AgentSpec",
            success: (200, "Agent"), needsETag: true
        ) { call throws(Failure) in
            let id = try call.identifier("id", AgentID.self)
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try AgentSpec(&fields) }
            try RegistryAPI.same(id.text, spec.id.text)
            return try RegistryAPI.write(.agent(spec), &fields, if: try AdminReply.precondition(call.request), call)
        },
        BehaviourAPI.endpoint,
        step("suspend", "Suspend an agent and kill its tokens") { $0.suspend },
        step("resume", "Let a suspended agent ask for tokens again") { $0.resume },
        step("offboard", "End an agent for good: state, keys, codes and tokens") { $0.offboard },
    ]

    private typealias Step = (
        AgentID, String, String, @escaping Administration.Completion<Agent>
    ) -> Void

    private static func step(
        _ name: String, _ summary: String, _ pick: @escaping @Sendable (Administration) -> Step
    ) -> Endpoint {
        Endpoint(
            "POST", "/api/v1/agents/{id}/\(name)", summary, access: .admin, request: "Reason",
            success: (200, "Agent")
        ) { call throws(Failure) in
            let id = try call.identifier("id", AgentID.self)
            let reason = try RegistryAPI.reason(call)
            return .waiting({ pick(call.broker.administration)(id, reason, call.actor, $0) }) { agent in
                AdminReply.object(agent.stored, version: agent.version)
            }
        }
    }
}
