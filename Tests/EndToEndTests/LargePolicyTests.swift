import Dispatch
import Glibc
import MayflyModel
import Synchronization
import Testing

/// A bundle as large as the model allows, over HTTP; and nobody else can make the broker hold as much.
@Suite struct LargePolicyTests {
    /// As many rules as a bundle may have; the first two thirds with a condition.
    private static func bundle(_ rules: Int = 2000) -> String {
        let lines = (0..<rules).map { number in
            """
            - id: rule-\(number)
              match: {scopes: ["scope-\(number):read", "scope-\(number):write"], agents: ["agent:worker-*"]}
              \(number % 3 == 2 ? "" : "when: \"context.records < \(number) && agent.risk != 'high'\"")
              decision: allow
              rationale: Rule \(number) says what the team that runs this part of the system asked for.
            """
        }
        return "policy: large\nrules:\n- {id: all, decision: allow, rationale: what the registry allows}\n"
            + lines.dropLast().joined(separator: "\n") + "\n"
    }

    @Test func aBundleOfTwoThousandRulesIsAppliedAndOutlivesARestart() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        func mayfly(_ arguments: [String]) throws -> CommandResult {
            try broker.run(["policy"] + arguments + ["--dir", broker.directory, "--server", broker.url])
        }
        let path = broker.folder.path + "/large.yaml"
        try Files.write(Self.bundle(), to: path, mode: 0o644)
        let applied = try mayfly(["apply", path, "--rationale", "large"])
        #expect(applied.status == 0, "\(applied)")
        let fields = [("resource", "tickets"), ("scope", "tickets:read")]
        let token = try desk.mint("support", fields)
        #expect(try desk.isActive(token))
        try broker.kill()
        try broker.start()
        let active = try desk.call("GET", "/api/v1/policies/active")
        #expect(active.object["rules"] == .integer(2000))
        #expect(active.body.count > 400_000)
        #expect(try desk.isActive(token))
        #expect(try mayfly(["diff", "active", path]).output == "no difference\n")

        // Of the largest versions fewer are kept than 64: together 4 MiB.
        let document = try #require(active.object["bundle"]?.objectValue)
        let size = JSONWriter.bytes(of: .object(document)).count
        let more = 4_194_304 / size + 3
        for number in 0..<more {
            var changed = document
            changed["description"] = .string("version \(number)")
            try desk.change(
                "POST", "/api/v1/policies",
                .object(["bundle": .object(changed), "rationale": .string("again"), "mode": .string("enforce")]))
        }
        let kept = try desk.call("GET", "/api/v1/policies").object["policies"]?.arrayValue?.count ?? 0
        #expect((4_194_304 / size - 1...4_194_304 / size + 1).contains(kept), "\(kept) of \(size) bytes")
        #expect(try broker.stop() == 0)
    }

    @Test func everyOtherRouteKeepsItsLimitAndStrangersHaveNoPlace() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let bearer = ("Authorization", "Bearer \(try desk.adminToken())")
        func status(_ method: String, _ target: String, _ headers: [(String, String)], _ length: Int) throws
            -> HTTPAnswer
        {
            let connection = try HTTPConnection(port: broker.port)
            var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(length)\r\n"
            for (name, value) in headers { text += "\(name): \(value)\r\n" }
            connection.send(text + "\r\n")
            return try #require(try connection.answer())
        }
        for route in try Routes(broker.port).all
        where ["POST", "PUT"].contains(route.method) && route.template != "/api/v1/policies" {
            let answer = try status(route.method, route.target { _ in "1" }, [bearer], 65_537)
            #expect(answer.status == 413, "\(route)")
            #expect(answer.text.contains("65536"), "\(answer)")
        }
        let larger = try status("POST", "/api/v1/policies", [bearer], 1_000_001)
        #expect(larger.status == 413 && larger.text.contains("1000000"), "\(larger)")
        // Nobody without an administrator's power gets to send a byte of it, or takes a place.
        let owner = ("Authorization", "Bearer \(try desk.adminToken("mayfly.read"))")
        for _ in 0..<20 {
            #expect(try status("POST", "/api/v1/policies", [], 500_000).status == 401)
            #expect(try status("POST", "/api/v1/policies", [("Authorization", "Bearer x")], 500_000).status == 401)
            #expect(try status("POST", "/api/v1/policies", [owner], 500_000).status == 403)
        }
        let body = [UInt8](repeating: 0x20, count: 900_000) + Array("{}".utf8)
        let read = try HTTP.send(
            "POST", "/api/v1/policies", [bearer, ("Content-Type", "application/json")], body, to: broker.port)
        #expect(read.status == 400 && read.text.contains("bundle"), "\(read)")
    }

    @Test func ofManyLargeBodiesAtOnceFourAreRead() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let body = Array(#"{"bundle": 1}"#.utf8) + [UInt8](repeating: 0x20, count: 500_000)
        let request = HTTP.bytes(
            "POST", "/api/v1/policies",
            [("Authorization", "Bearer \(try desk.adminToken())"), ("Content-Type", "application/json")], body)
        let port = broker.port
        let counts = Counts()
        let group = DispatchGroup()
        for worker in 0..<24 {
            DispatchQueue(label: "large.\(worker)").async(group: group) {
                guard let connection = try? HTTPConnection(port: port) else { return }
                connection.send(Array(request.prefix(100_000)))
                // Who is not refused holds the place until all others have been.
                let end = ContinuousClock.now + .seconds(15)
                var answer: HTTPAnswer?
                while answer == nil, ContinuousClock.now < end, counts.refused.load(ordering: .relaxed) < 20 {
                    answer = try? connection.answer(seconds: 1)
                }
                if answer?.status == 503, answer?.header("Retry-After") == "1" {
                    counts.refused.add(1, ordering: .relaxed)
                    return
                }
                connection.send(Array(request.dropFirst(100_000)))
                if (try? connection.answer())?.status == 400 { counts.read.add(1, ordering: .relaxed) }
            }
        }
        group.wait()
        #expect(counts.refused.load(ordering: .relaxed) == 20)
        #expect(counts.read.load(ordering: .relaxed) == 4)
        // All places are free again.
        let answer = try HTTPConnection(port: port)
        answer.send(request)
        #expect(try answer.answer()?.status == 400)
        #expect(try broker.stop() == 0)
    }

    private final class Counts: Sendable {
        let refused = Atomic(0)
        let read = Atomic(0)
    }
}
