internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization
internal import Testing

/// What the ledger and the records hold, and what they never hold.
struct LedgerTests {
    private func entries(_ world: World) throws -> [LedgerEntry] {
        try world.store.ledgerEntries(in: 0..<1_000_000)
    }

    private func counts(_ world: World) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for entry in try entries(world) { counts[entry.terms.event, default: 0] += 1 }
        return counts
    }

    private func grown(_ world: World, _ event: String, _ body: () throws -> Void) throws -> Int {
        let before = try counts(world)[event] ?? 0
        try body()
        return (try counts(world)[event] ?? 0) - before
    }

    @Test func everythingThatMattersLeavesAnEntry() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        #expect(try grown(world, "token.issued") { _ = try world.minted("agent:root") } == 1)
        #expect(try grown(world, "token.refused") { _ = try world.token("agent:root", [("scope", "x")]) } == 1)
        var ticket = ""
        #expect(
            try grown(world, "ticket.issued") {
                ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
            } == 1)
        #expect(try grown(world, "token.delegated") { _ = try world.redeem("agent:child", ticket: ticket) } == 1)
        #expect(try grown(world, "token.refused") { _ = try world.redeem("agent:child", ticket: ticket) } == 1)
        for (token, action) in [(root, "view"), (root, "erase"), ("x", "view")] {
            let body =
                #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"\#(action)"},"resource":{"type":"t","id":"1"}}"#
            #expect(
                try grown(world, "action.decided") {
                    _ = try world.handler.send(
                        "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body)
                } == 1)
        }
        #expect(
            try grown(world, "client.refused") {
                _ = try world.post(
                    "/oauth2/token", as: nil,
                    [
                        ("grant_type", "client_credentials"), ("client_assertion_type", World.assertionType),
                        ("client_assertion", try world.assertion("agent:root", key: try PrivateKey.generate(.es256))),
                    ])
                // Commands keep their order, so the entry is there once a later one is answered.
                _ = try world.adminToken()
            } == 1)
        #expect(
            try grown(world, "revoked") {
                _ = try world.post("/oauth2/revoke", as: "agent:root", [("token", root)])
            } == 1)
        #expect(try grown(world, "revoked") { _ = try world.revoke(#"{"everything":true}"#) } == 1)
        #expect(
            try grown(world, "registry.changed") { _ = try world.admin("POST", "/api/v1/agents/leaf/suspend") } == 1)
        #expect(try grown(world, "registry.changed") { _ = try world.admin("POST", "/api/v1/owners/ann/leave") } == 3)
        #expect(try grown(world, "signing_key.rotated") { _ = try world.admin("POST", "/api/v1/keys/rotate") } == 6)
    }

    @Test func neitherLedgerNorRecordsHoldAnythingSecret() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        _ = try world.delegated(from: "agent:root", parent: root, to: "agent:child")
        _ = try world.token("agent:root", [("scope", "zzsecretzz")])
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        _ = try world.post("/oauth2/introspect", as: nil, [("token", root)], headers: [basic])
        _ = try world.revoke(#"{"agent":"agent:root","reason":"test"}"#)
        _ = try world.admin("POST", "/api/v1/keys/rotate")
        var secrets = world.secrets.withLock { $0 } + ["zzsecretzz"]
        for key in world.keys.withLock({ Array($0.values) }) {
            secrets.append(String(decoding: try key.pem(), as: UTF8.self))
        }
        // Signatures alone would do, so parts of compact forms are looked for as well.
        secrets += secrets.flatMap { $0.split(separator: ".").map(String.init).filter { $0.utf8.count > 60 } }
        #expect(secrets.count > 40)
        let found = Mutex<[[UInt8]]>([])
        try world.store.loadRecords { record in found.withLock { $0 += [record.value, record.key.key] } }
        let texts = found.withLock { $0 } + (try entries(world).map(\.bytes))
        #expect(texts.count > 40)
        for text in texts.map({ String(decoding: $0, as: UTF8.self) }) {
            for secret in secrets where text.contains(secret) { Issue.record("a secret is stored in \(text)") }
        }
    }

    @Test func entriesAreInOrderAndTheProofHolds() throws {
        let world = try World()
        for _ in 0..<5 { _ = try world.minted("agent:root") }
        let all = try entries(world)
        for (index, entry) in all.enumerated() {
            #expect(entry.index == UInt64(index))
            if index > 0 { #expect(entry.time >= all[index - 1].time) }
        }
        let checkpoint = try world.admin("GET", "/api/v1/ledger/checkpoint")
        #expect(checkpoint.status == 200)
        let size = try entries(world).count
        let proof = try world.admin("GET", "/api/v1/ledger/inclusion?index=0&size=\(size)")
        #expect(proof.status == 200)
        #expect(try world.admin("GET", "/api/v1/ledger/inclusion?index=5&size=5").status == 404)
        #expect(try world.admin("GET", "/api/v1/ledger/inclusion?index=0&size=99999").status == 404)
        #expect(try world.admin("GET", "/api/v1/ledger/consistency?from=0&to=2").status == 404)
        #expect(try world.admin("GET", "/api/v1/ledger/consistency?from=1&to=2").status == 200)
    }
}
