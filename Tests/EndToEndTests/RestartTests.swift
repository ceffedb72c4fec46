import MayflyCrypto
import MayflyLedger
import MayflyModel
import Testing

/// What the broker has answered holds after it ended, however it ended.
@Suite struct RestartTests {
    enum Ending: String, CaseIterable {
        case stopped, killed
    }

    @Test(arguments: Ending.allCases)
    func nothingThatWasAnsweredIsForgotten(_ ending: Ending) throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let scope = [("resource", "tickets"), ("scope", "tickets:read")]

        let kept = try desk.mint("orchestrator", scope)
        let revoked = try desk.mint("orchestrator", scope)
        let ofSuspended = try desk.mint("support", scope)
        let used = try #require(try desk.delegate(kept, from: "orchestrator", to: "support")["access_token"])
        let below = try #require(try desk.redeem(used, as: "support")["access_token"])
        let unused = try #require(try desk.delegate(kept, from: "orchestrator", to: "support")["access_token"])
        let usedID = "used-before-the-restart"
        let first = try desk.token(as: try desk.agent("orchestrator"), scope, assertionID: usedID)
        #expect(first.status == 200, "\(first)")
        let code = try #require(try desk.change("POST", "/api/v1/agents/agent:research/enrolment-codes")["code"])
        let newcomer = Principal(id: "agent:research", key: try PrivateKey.generate(.edDSA))
        #expect(try desk.enrol(newcomer, code: code).status == 201)

        let (older, _) = try checkpoint(desk)
        try desk.change("POST", "/api/v1/revocations", .object(["token": .string(try tokenID(revoked))]))
        try desk.change("POST", "/api/v1/agents/agent:support/suspend")

        switch ending {
        case .stopped: #expect(try broker.stop() == 0, "\((try? broker.errors()) ?? "")")
        case .killed: try broker.kill()
        }
        try broker.start()

        #expect(try desk.isActive(kept))
        #expect(try !desk.isActive(revoked))
        #expect(try !desk.isActive(ofSuspended))
        #expect(try !desk.isActive(below))
        try expectRefusal(
            try desk.token(as: try desk.agent("orchestrator"), scope, assertionID: usedID), "invalid_client")
        try expectRefusal(try desk.token(as: try desk.agent("support"), scope), "invalid_client")
        let thief = Principal(id: "agent:research", key: try PrivateKey.generate(.es256))
        #expect(try desk.enrol(thief, code: code).status >= 400)
        // The secret, the enrolled keys and the signing keys are those of before.
        _ = try desk.mint("orchestrator", scope)
        #expect(try desk.token(as: newcomer, [("resource", "knowledge"), ("scope", "articles:read")]).status == 200)

        // Back at work, the agent stays without its old tokens, and a ticket counts once over both runs.
        try desk.change("POST", "/api/v1/agents/agent:support/resume")
        #expect(try !desk.isActive(ofSuspended))
        try expectRefusal(try desk.redeem(used, as: "support"), "invalid_request")
        let late = try desk.redeem(unused, as: "support")
        #expect(late.status == 200, "\(late)")
        try expectRefusal(try desk.redeem(unused, as: "support"), "invalid_request")

        let (newer, _) = try checkpoint(desk)
        #expect(newer.size > older.size)
        #expect(newer.follows(older, path: try consistency(desk, older, newer)))
    }

    @Test
    func killsInTheMiddleOfWorkLoseNoAnswer() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        var older: Checkpoint?
        var dead: [String] = []
        for round in 0..<5 {
            let token = try desk.mint("orchestrator", [("resource", "tickets"), ("task", "round-\(round)")])
            let own = try desk.form(
                "/oauth2/revoke", [("token", token)] + desk.proof(try desk.agent("orchestrator")))
            #expect(own.status == 200, "\(own)")
            dead.append(token)
            let living = try desk.mint("orchestrator", [("resource", "tickets")])
            // More work is on its way when the process is killed: nobody waits for these answers.
            let inFlight = try (0..<8).map { _ in
                let connection = try HTTPConnection(port: broker.port)
                let body = try
                    ([("grant_type", "client_credentials"), ("resource", "tickets")]
                    + desk.proof(try desk.agent("orchestrator")))
                    .map { "\($0.0)=\(Desk.escaped($0.1))" }.joined(separator: "&")
                connection.send(
                    HTTP.bytes(
                        "POST", "/oauth2/token", [("Content-Type", "application/x-www-form-urlencoded")],
                        Array(body.utf8)))
                return connection
            }
            try broker.kill()
            withExtendedLifetime(inFlight) {}
            try broker.start()
            #expect(try desk.isActive(living))
            for token in dead { #expect(try !desk.isActive(token)) }
            let (newer, _) = try checkpoint(desk)
            if let older { #expect(newer.follows(older, path: try consistency(desk, older, newer))) }
            older = newer
        }
        try verifyWholeLedger(desk)
    }

    /// Reads every entry and checks it against the signed checkpoint.
    private func verifyWholeLedger(_ desk: Desk) throws {
        let (checkpoint, _) = try checkpoint(desk)
        var verifier = try LedgerVerifier(checkpoints: [checkpoint])
        var next: UInt64 = 0
        while next < checkpoint.size {
            let page = try desk.call("GET", "/api/v1/ledger/entries?from=\(next)&limit=500").object
            let entries = try #require(page["entries"]?.arrayValue)
            try #require(!entries.isEmpty)
            for entry in entries where next < checkpoint.size {
                let object = try #require(entry.objectValue)
                let bytes = try #require(object["bytes"]?.stringValue.flatMap { Base64URL.decode($0) })
                let leaf = try #require(object["leaf"]?.stringValue.flatMap { Base64URL.decode($0) })
                try verifier.add(bytes, leafHash: try #require(SHA256Digest(bytes: leaf)))
                next += 1
            }
        }
        #expect(try verifier.finish().signedSize == checkpoint.size)
    }

    private func checkpoint(_ desk: Desk) throws -> (Checkpoint, NoteVerifierKey) {
        let key = try NoteVerifierKey(
            vkey: try #require(try HTTP.get("/api/v1/ledger/key", from: desk.broker.port)["verifier_key"]))
        let answer = try desk.call("GET", "/api/v1/ledger/checkpoint")
        try #require(answer.status == 200, "\(answer)")
        return (try Checkpoint.open(try SignedNote.parse(answer.body), with: [key]), key)
    }

    private func consistency(_ desk: Desk, _ older: Checkpoint, _ newer: Checkpoint) throws -> [SHA256Digest] {
        let answer = try desk.call("GET", "/api/v1/ledger/consistency?from=\(older.size)&to=\(newer.size)")
        let hashes = try #require(answer.object["hashes"]?.stringArrayValue, "\(answer)")
        return try hashes.map { try #require(Base64URL.decode($0).flatMap { SHA256Digest(bytes: $0) }) }
    }

    private func tokenID(_ token: String) throws -> String {
        try #require(try JWS.parse(Array(token.utf8)).claims()["jti"]?.stringValue)
    }
}
