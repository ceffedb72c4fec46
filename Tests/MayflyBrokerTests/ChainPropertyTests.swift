internal import MayflyModel
internal import Testing

/// Random registries and chains of up to six hops: nothing widens, and nobody is left out of the chain.
struct ChainPropertyTests {
    private static let scopes = ["s.a", "s.b", "s.c", "s.d", "s.e"]
    private static let queues = ["q1", "q2", "q3"]
    private static let agents = 7

    /// What an agent of a random registry may get.
    private struct Rights {
        var scopes: Set<String>
        var denied: Set<String>
        var queues: Set<String>
        var amount: Int64

        init(_ random: inout SeededGenerator) {
            func some(_ texts: [String]) -> Set<String> { Set(texts.filter { _ in random.next() % 4 != 0 }) }
            scopes = some(ChainPropertyTests.scopes)
            denied = random.next() % 3 == 0 ? some(ChainPropertyTests.scopes).intersection(["s.b", "s.c"]) : []
            queues = some(ChainPropertyTests.queues)
            amount = Int64(random.next() % 100)
        }

        var ceiling: Set<String> { scopes.subtracting(denied) }

        func json(_ index: Int) -> String {
            let others = (0..<ChainPropertyTests.agents).filter { $0 != index }.map { "\"agent:a\($0)\"" }
            let detail =
                queues.isEmpty
                ? ""
                : #"{"resource":"res","type":"job","queues":\#(list(queues)),"amount":\#(amount)}"#
            return #"{"id":"agent:a\#(index)","purpose":"p","owner":"owner:o","roles":["role:deep"],"#
                + #""resources":["res"],"scopes":\#(list(scopes)),"deny":{"scopes":\#(list(denied))},"#
                + #""authorization_details":[\#(detail)],"delegates":[\#(others.joined(separator: ","))]}"#
        }
    }

    private static func list(_ texts: Set<String>) -> String {
        "[" + texts.sorted().map { "\"\($0)\"" }.joined(separator: ",") + "]"
    }

    private static func registry(_ rights: [Rights]) -> String {
        #"{"owners":[{"id":"owner:o","name":"O","email":"o@example.org"}],"#
            + #""resources":[{"name":"res","identifier":"https://res.example","scopes":\#(list(Set(scopes))),"#
            + #""authorization_details_types":[{"type":"job","members":{"queues":{"order":"set"},"#
            + #""amount":{"order":"max","unit":"integer"}}}]}],"#
            + #""roles":[{"id":"role:deep","max_depth":8}],"#
            + #""agents":[\#(rights.enumerated().map { $1.json($0) }.joined(separator: ","))]}"#
    }

    private struct Held {
        let token: String
        let holder: Int
        let scopes: Set<String>
        let queues: Set<String>
        let amount: Int64
        let expires: Int64
        let path: [Int]

        init(_ answer: Answer, world: World, holder: Int, path: [Int]) throws {
            token = answer.accessToken
            self.holder = holder
            self.path = path
            let claims = try world.introspect(token)
            try #require(claims["active"] == .bool(true), "\(claims.text)")
            scopes = Set((claims.string("scope") ?? "").split(separator: " ").map(String.init))
            let detail = claims["authorization_details"]?.arrayValue?.first?.objectValue
            queues = Set(detail?["queues"]?.stringArrayValue ?? [])
            amount = detail?["amount"]?.integerValue ?? -1
            expires = claims["exp"]?.integerValue ?? 0
            var act: JSONObject?
            for index in path.dropFirst() {
                var outer: JSONObject = ["sub": .string("agent:a\(index)")]
                outer["act"] = act.map { .object($0) }
                act = outer
            }
            #expect(claims["act"] == act.map { .object($0) })
            #expect(claims.string("sub") == "agent:a\(path[0])")
            #expect(claims.string("client_id") == "agent:a\(holder)")
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func noChainWidens(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rights = (0..<Self.agents).map { _ in Rights(&random) }
        let world = try World(
            registry: Self.registry(rights), enrol: (0..<Self.agents).map { "agent:a\($0)" })
        var hops = 0
        for _ in 0..<6 {
            let root = Int(random.next() % UInt64(Self.agents))
            let first = try world.token("agent:a\(root)", [("resource", "res")])
            guard first.status == 200 else { continue }
            var held = try Held(first, world: world, holder: root, path: [root])
            #expect(held.scopes.isSubset(of: rights[root].ceiling))
            for _ in 0..<6 {
                world.clock.advance(Int64(random.next() % 5))
                let child = Int(random.next() % UInt64(Self.agents))
                guard child != held.holder else { continue }
                let bound = held.scopes.intersection(rights[child].ceiling)
                let wanted = Set(Self.scopes.filter { _ in random.next() % 3 != 0 })
                let asks = random.next() % 2 == 0 && !wanted.isEmpty
                let form: Form = asks ? [("scope", wanted.sorted().joined(separator: " "))] : []
                let answer = try hop(world, held, to: child, form, byTicket: random.next() % 2 == 0)
                guard answer.status == 200 else {
                    #expect(answer.status == 400, "seed \(seed): \(answer.text)")
                    continue
                }
                let next = try Held(answer, world: world, holder: child, path: held.path + [child])
                hops += 1
                #expect(next.scopes.isSubset(of: bound), "seed \(seed)")
                // Asked for and granted, or refused: never silently less.
                #expect(next.scopes == (asks ? wanted : bound), "seed \(seed)")
                #expect(next.queues.isSubset(of: held.queues.intersection(rights[child].queues)), "seed \(seed)")
                #expect(next.amount <= min(held.amount, rights[child].amount), "seed \(seed)")
                #expect(next.expires <= held.expires, "seed \(seed)")
                held = next
            }
        }
        #expect(hops > 0, "seed \(seed)")
    }

    private func hop(
        _ world: World, _ held: Held, to child: Int, _ form: Form, byTicket: Bool
    ) throws -> Answer {
        let name = "agent:a\(child)"
        guard byTicket else {
            return try world.post(
                "/oauth2/token", as: name,
                [
                    ("grant_type", World.exchange), ("subject_token", held.token),
                    ("subject_token_type", World.accessTokenType),
                ] + form)
        }
        let ticket = try world.ticket("agent:a\(held.holder)", parent: held.token, for: name, form)
        guard ticket.status == 200 else { return ticket }
        return try world.redeem(name, ticket: ticket.accessToken)
    }
}
