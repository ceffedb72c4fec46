import Glibc
import MayflyCrypto
import MayflyModel
import Testing

/// The command line binds tokens to keys and makes the proofs by itself.
@Suite struct DPoPCommandTests {
    private static let url = "https://tickets.example.com/tickets/7"

    private let broker: RunningMayfly
    private let desk: Desk

    init() throws {
        broker = try RunningMayfly.started()
        desk = try Desk.open(broker)
        for name in ["orchestrator", "support"] {
            try PrivateKeyFile.write(try desk.agent(name).key, to: "\(broker.folder.path)/\(name).pem")
        }
    }

    private func file(_ name: String) -> String { "\(broker.folder.path)/\(name)" }

    private func mayfly(_ command: [String], as name: String, _ more: [String]) throws -> CommandResult {
        try broker.run(
            command + ["--server", broker.url, "--agent", name, "--key", file(name + ".pem")] + more)
    }

    private func verify(_ token: String, _ proof: String) throws -> Int {
        try HTTP.send(
            "GET", "/verify",
            [
                ("X-Mayfly-Resource", try desk.basic("tickets")), ("X-Original-Method", "GET"),
                ("X-Original-URI", "/tickets/7"), ("Authorization", "DPoP " + token), ("DPoP", proof),
            ], [], to: broker.port
        ).status
    }

    private func line(_ result: CommandResult) -> String {
        result.output.split(separator: "\n").first.map(String.init) ?? ""
    }

    private func proof(_ token: String, _ key: String, _ more: [String] = []) throws -> String {
        let made = try broker.run(["token", "proof", token, "--dpop-key", file(key), "--url", Self.url] + more)
        #expect(made.status == 0, "\(made)")
        return line(made)
    }

    private func thumbprint(in token: String) throws -> String? {
        try JWS.parse(Array(token.utf8)).claims()["cnf"]?.objectValue?["jkt"]?.stringValue
    }

    @Test func aTokenIsBoundAndItsProofsHoldOnce() throws {
        let scope = ["--resource", "tickets", "--scope", "tickets:read"]
        let first = try mayfly(["token", "request"], as: "orchestrator", scope + ["--dpop"])
        #expect(first.status == 0, "\(first)")
        // The key stays beside the agent's own, for the next token.
        let key = "orchestrator.dpop.pem"
        var status = stat()
        #expect(stat(file(key), &status) == 0 && status.st_mode & 0o777 == 0o600)
        let token = line(first)
        let expected = try PrivateKeyFile.read(file(key)).publicKey.thumbprint
        #expect(try thumbprint(in: token) == expected)
        let second = try mayfly(["token", "request"], as: "orchestrator", scope + ["--dpop-key", file(key)])
        #expect(try thumbprint(in: line(second)) == expected)

        let good = try proof(token, key)
        #expect(try verify(token, good) == 200)
        #expect(try verify(token, good) == 401)
        #expect(try verify(token, try proof(token, key, ["--method", "POST"])) == 401)
        #expect(try verify(line(second), try proof(token, key)) == 401)
        #expect(try broker.run(["token", "proof", token, "--url", Self.url]).status == 2)
    }

    @Test func aToolPassesTheProofOnFromTheCommandLineToo() throws {
        let scope = ["--resource", "tickets", "--scope", "tickets:read"]
        let token = line(try mayfly(["token", "request"], as: "orchestrator", scope + ["--dpop"]))
        try Files.write(try #require(desk.secrets["tickets"]), to: file("tickets.secret"))
        let asker = ["--server", broker.url, "--as", "tickets", "--secret-file", file("tickets.secret")]
        let question = ["--action", "read", "--type", "note", "--id", "1"]
        func shown() throws -> [String] {
            ["--proof", try proof(token, "orchestrator.dpop.pem"), "--url", Self.url]
        }
        let alone = try broker.run(["evaluate", token] + asker + question)
        #expect(alone.status == 1 && alone.output.contains("proof_required"), "\(alone)")
        let allowed = try broker.run(["evaluate", token] + asker + question + shown())
        #expect(allowed.status == 0, "\(allowed)")
        #expect(try broker.run(["token", "introspect", token] + asker + shown()).status == 0)
        let wrong = try broker.run(["token", "introspect", token] + asker + shown() + ["--method", "PUT"])
        #expect(wrong.status == 1, "\(wrong)")
    }

    @Test func aBoundTokenIsHandedOnWithItsKey() throws {
        let scope = ["--resource", "tickets", "--scope", "tickets:read"]
        let root = line(try mayfly(["token", "request"], as: "orchestrator", scope + ["--dpop"]))
        let to = ["--to", "support", "--scope", "tickets:read"]
        let bare = try mayfly(["token", "delegate", root], as: "orchestrator", to)
        #expect(bare.status == 1 && bare.errors.contains("invalid_dpop_proof"), "\(bare)")
        let ticket = try mayfly(["token", "delegate", root], as: "orchestrator", to + ["--dpop"])
        #expect(ticket.status == 0, "\(ticket)")
        let unbound = try mayfly(["token", "redeem", line(ticket)], as: "support", [])
        #expect(unbound.status == 1, "\(unbound)")
        let redeemed = try mayfly(["token", "redeem", line(ticket)], as: "support", ["--dpop"])
        #expect(redeemed.status == 0, "\(redeemed)")
        #expect(
            try thumbprint(in: line(redeemed))
                == PrivateKeyFile.read(file("support.dpop.pem")).publicKey.thumbprint)
    }

    @Test func aProgramGetsAKeyThatEndsWithIt() throws {
        let program = """
            test -r "$MAYFLY_DPOP_KEY" && echo "$MAYFLY_DPOP_KEY" && echo "$MAYFLY_TOKEN" \
            && exec '\(try RunningMayfly.program())' token proof --url \(Self.url)
            """
        let scope = ["--resource", "tickets", "--scope", "tickets:read"]
        let run = try mayfly(
            ["exec"], as: "orchestrator", scope + ["--dpop", "--keep", "--", "sh", "-c", program])
        #expect(run.status == 0, "\(run)")
        let lines = run.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 3, "\(run)")
        #expect(access(lines[0], F_OK) != 0)
        #expect(try thumbprint(in: lines[1]) != nil)
        #expect(try verify(lines[1], lines[2]) == 200)

        let bare = try mayfly(["exec"], as: "orchestrator", scope + ["--", "sh", "-c", "test -z \"$MAYFLY_DPOP_KEY\""])
        #expect(bare.status == 0, "\(bare)")
    }
}
