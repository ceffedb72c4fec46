internal import MayflyClient
internal import MayflyCrypto
internal import MayflyModel

extension Lane {
    /// Takes an administrator's step that must succeed.
    func send(_ step: AdminStep) throws {
        var body: JSONObject = ["reason": .string(step.reason)]
        for (name, value) in step.members { body[name] = .string(value) }
        do {
            try session.change("POST", step.path, body: body)
        } catch {
            throw stop(error, .step(step), step.path)
        }
        take(step)
    }

    func revokeByName() throws {
        guard let agent = agents.randomElement(using: &seed), let index = pick(living(heldBy: agent.id)) else {
            return try issue()
        }
        try send(
            AdminStep(
                path: "/api/v1/revocations", members: [("token", tokens[index].id)], reason: unique("reason"),
                effect: .endToken(index)))
        try introspect(index)
    }

    func revokeTask() throws {
        guard let agent = agents.randomElement(using: &seed), let index = pick(living(heldBy: agent.id)) else {
            return try issue()
        }
        let task = tokens[index].task
        try send(
            AdminStep(
                path: "/api/v1/revocations", members: [("task", task)], reason: unique("reason"),
                effect: .endTask(task)))
    }

    func revokeAgent() throws {
        if seed.chance(30) {
            return try send(
                AdminStep(
                    path: "/api/v1/revocations", members: [("owner", owner)], reason: unique("reason"),
                    effect: .endOwner))
        }
        guard let agent = agents.randomElement(using: &seed) else { return }
        try send(
            AdminStep(
                path: "/api/v1/revocations", members: [("agent", agent.id)], reason: unique("reason"),
                effect: .endAgent(agent.id)))
    }

    func suspendAndResume() throws {
        guard let agent = agents.randomElement(using: &seed) else { return }
        try send(
            AdminStep(
                path: "/api/v1/agents/\(agent.id)/suspend", members: [], reason: unique("reason"),
                effect: .suspend(agent.id)))
        try resumeAll()
    }

    func resumeAll() throws {
        for agent in agents where agent.isSuspended {
            try send(
                AdminStep(
                    path: "/api/v1/agents/\(agent.id)/resume", members: [], reason: unique("reason"),
                    effect: .resume(agent.id)))
        }
    }

    func offboard() throws {
        guard let agent = agents.randomElement(using: &seed) else { return }
        try send(
            AdminStep(
                path: "/api/v1/agents/\(agent.id)/offboard", members: [], reason: unique("reason"),
                effect: .offboard(agent.id)))
    }

    func ownerLeaves() throws {
        try send(
            AdminStep(path: "/api/v1/owners/\(owner)/leave", members: [], reason: unique("reason"), effect: .leave))
    }

    func rotateKeys() throws {
        do {
            try session.change("POST", "/api/v1/keys/rotate")
        } catch {
            throw stop(error, .rotation, "rotation")
        }
        countRotation()
        report.count("signing key rotations answered")
    }

    // MARK: Agents

    /// Brings the lane to an owner and two agents with keys, from wherever it stands.
    func complete() throws {
        try resumeAll()
        if owner.isEmpty { newOwner() }
        while agents.count < 2 { try newAgent() }
        for agent in agents where !agent.isRegistered { try register(agent) }
        for agent in agents where !agent.isEnrolled { try enrol(agent) }
    }

    func register(_ agent: LaneAgent) throws {
        let body: JSONObject = [
            "owners": .array([
                .object([
                    "id": .string(owner), "name": .string("Somebody"), "email": .string("somebody@example.com"),
                ])
            ]),
            "agents": .array([
                .object([
                    "id": .string(agent.id), "purpose": .string("is crashed"), "owner": .string(owner),
                    "roles": .array([.string(Site.role)]), "resources": .array([.string(Site.resource)]),
                    "delegates": .array([.string(Site.role)]),
                ])
            ]),
        ]
        do {
            try session.change("POST", "/api/v1/apply", body: body)
        } catch {
            throw stop(error, .registration(agent: agent.id), "apply")
        }
        change(agent.id) { $0.isRegistered = true }
        report.count("agents registered")
    }

    func enrol(_ agent: LaneAgent) throws {
        let answer: JSONObject
        do {
            answer = try session.change("POST", "/api/v1/agents/\(agent.id)/enrolment-codes")
        } catch {
            throw stop(error, .question, "enrolment code")
        }
        let body = try enrolment(agent, key: agent.key, code: answer["code"]?.stringValue ?? "")
        guard let answer = post("/api/v1/enrol", body, type: "application/json") else {
            cut = .enrolment(agent: agent.id, body: body)
            throw Stop.cut
        }
        guard answer.status == 201 else {
            report.broken("\(name): enrolment answered \(answer.status) \(Self.code(answer))")
            throw Stop.broken
        }
        change(agent.id) { $0.isEnrolled = true }
        useCode(agent.id, body)
        report.count("keys enrolled")
    }

    private func enrolment(_ agent: LaneAgent, key: PrivateKey, code: String) throws -> [UInt8] {
        let nonce = Base64URL.encode(SHA256.digest(of: Array(code.utf8)).bytes)
        let proof = try client.assertions.keyProof(of: key, for: agent.id, nonce: nonce)
        return JSONWriter.bytes(
            of: .object(["code": .string(code), "label": .string("crash"), "proof": .string(proof)]))
    }
}
