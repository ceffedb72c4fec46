import MayflyBroker
import MayflyModel

/// `/api/v1/agents`: registrations, and the steps of an agent's life.
enum AgentsAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/agents", "List agents", access: .read, success: (200, "AgentPage"),
            query: ["limit", "cursor", "owner", "state", "review"]
        ) { call throws(Failure) in
            let owner = try Page.query("owner", call.request)
            let state = try Page.query("state", call.request)
            let review = try Page.choice("review", ReviewStanding.self, call.request)
            let (settings, now) = (call.broker.settings.lifecycle, call.broker.clock.now())
            let page = call.broker.administration.agents(
                after: try Page.query("cursor", call.request), limit: try Page.size(call.request)
            ) { agent in
                (owner.map { agent.spec.owner == OwnerID(lenient: $0) } ?? true)
                    && (state.map { agent.state.rawValue == $0 } ?? true)
                    && (review.map { agent.reviewStanding(settings, at: now) == $0 } ?? true)
            }
            return .reply(Page.reply(name: "agents", page) { ($0.id.text, json($0, call.broker)) })
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
            return .reply(AdminReply.object(json(agent, call.broker), version: agent.version))
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
        Endpoint(
            "POST", "/api/v1/agents/{id}/reviews", "Record that its owner or an administrator reviewed an agent",
            access: .deny, request: "AgentReview", success: (200, "Agent")
        ) { call throws(Failure) in
            let id = try call.identifier("id", AgentID.self)
            let reviewer = try call.reader()
            var fields = try call.fields()
            let (reason, next) = try RegistryAPI.field { () throws(FieldError) in
                let reason = try RegistryAPI.requiredReason(&fields)
                let next = try fields.timestamp("next_review")
                try fields.finish()
                return (reason, next)
            }
            return .waiting({
                call.broker.administration.review(
                    id, by: reviewer, signedIn: call.caller.epoch, reason: reason, next: next, $0)
            }) { agent in AdminReply.object(json(agent, call.broker), version: agent.version) }
        },
    ]

    /// The record, with when its review is due in place of what the broker keeps about that for itself.
    private static func json(_ agent: Agent, _ broker: Broker) -> JSONObject {
        let settings = broker.settings.lifecycle
        var lifecycle = JSONObject()
        lifecycle["reviewed"] = agent.lifecycle.reviewedAt.map { .string(RFC3339.format($0)) }
        if let standing = agent.reviewStanding(settings, at: broker.clock.now()) {
            lifecycle["review_due"] = agent.reviewDue(settings).map { .string(RFC3339.format($0)) }
            lifecycle["review"] = .string(standing.rawValue)
        }
        var object = agent.stored
        object["lifecycle"] = lifecycle.members.isEmpty ? nil : .object(lifecycle)
        return object
    }

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
                AdminReply.object(json(agent, call.broker), version: agent.version)
            }
        }
    }
}
