import MayflyBroker
import MayflyModel

/// `/api/v1/agents/{id}/composition`: what agents are made of, and their owners' word on a changed one.
enum CompositionAPI {
    static let endpoints = [pending, read, decide(true), decide(false)]

    /// How a body names a proposal to have no composition any more.
    private static let none = "none"

    private static let pending = Endpoint(
        "GET", "/api/v1/compositions", "List agents whose changed composition waits for its owner",
        access: .readApprovals, success: (200, "CompositionPage"), query: ["limit", "cursor"]
    ) { call throws(Failure) in
        let (reader, now) = (try call.reader(), call.broker.clock.now())
        let page = call.broker.administration.agents(
            after: try Page.query("cursor", call.request), limit: try Page.size(call.request)
        ) { agent in (agent.proposal?.isOpen(at: now) ?? false) && isVisible(agent, to: reader) }
        return .reply(Page.reply(name: "compositions", page) { ($0.id.text, json($0, at: now)) })
    }

    private static let read = Endpoint(
        "GET", "/api/v1/agents/{id}/composition", "Read what an agent is made of, and the change that waits",
        access: .readApprovals, success: (200, "AgentComposition")
    ) { call throws(Failure) in
        let (id, reader) = (try call.identifier("id", AgentID.self), try call.reader())
        guard let agent = call.broker.state.read({ $0.agents[id] }), isVisible(agent, to: reader) else {
            throw .broker(.notFound)
        }
        return .reply(AdminReply.object(json(agent, at: call.broker.clock.now()), version: agent.version))
    }

    private static func decide(_ approves: Bool) -> Endpoint {
        Endpoint(
            "POST", "/api/v1/agents/{id}/composition/\(approves ? "approve" : "deny")",
            approves
                ? "The agent's owner agrees to exactly this composition"
                : "The agent's owner or an administrator refuses the change",
            access: approves ? .approve : .deny, request: "CompositionVote", success: (200, "AgentComposition")
        ) { call throws(Failure) in
            let (id, reader) = (try call.identifier("id", AgentID.self), try call.reader())
            var fields = try call.fields()
            let (composition, reason) = try RegistryAPI.field { () throws(FieldError) in
                let composition = try seen(&fields)
                let reason = try RegistryAPI.requiredReason(&fields)
                try fields.finish()
                return (composition, reason)
            }
            return .waiting({
                call.broker.administration.decideComposition(
                    of: id, approves, composition, by: reader, signedIn: call.caller.epoch, reason: reason, $0)
            }) { agent in
                AdminReply.object(json(agent, at: call.broker.clock.now()), version: agent.version)
            }
        }
    }

    /// What the voter has seen.
    ///
    /// It must be named: nobody agrees to a removal by leaving a member out.
    private static func seen(_ fields: inout FieldReader) throws(FieldError) -> CompositionDigest? {
        let text = try fields.string("composition")
        guard !text.utf8.elementsEqual(none.utf8) else { return nil }
        guard let digest = CompositionDigest(text) else {
            throw fields.failure("composition", .invalid(rule: "\(CompositionDigest.rule), or \(none)"))
        }
        return digest
    }

    private static func isVisible(_ agent: Agent, to reader: ApprovalDesk.Reader) -> Bool {
        guard case .owner(let id) = reader else { return true }
        return agent.spec.owner == id
    }

    private static func json(_ agent: Agent, at now: Timestamp) -> JSONObject {
        var object: JSONObject = ["agent": .string(agent.id.text), "owner": .string(agent.spec.owner.text)]
        object["composition"] = agent.spec.composition.map { .object($0.json) }
        object["sha256"] = .string(agent.spec.composition?.digest.text ?? none)
        if let proposal = agent.proposal, proposal.isOpen(at: now) {
            var pending = proposal.json
            pending["sha256"] = .string(proposal.composition?.digest.text ?? none)
            object["pending"] = .object(pending)
        }
        return object
    }
}
