import MayflyCrypto
import MayflyModel

/// Whether the first verification after a revocation's answer refuses, over and over, under load.
///
/// Each trial mints a token, sees that it is active, revokes it or its agent, and asks again on another connection as
/// soon as the revocation is answered. Meanwhile wrk asks for decisions, which all go through the writer and the disk.
enum RevocationTrialRows {
    private static let width = 16

    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let site = bench.site
        let agents = try site.agents((0..<width).map { "agent:trial-\($0)" })
        let lanes = try connections(site)
        let others = try connections(site)
        let token = try site.chain(bench.hops, depth: 1)
        // wrk's bearer token lives for a minute, so the load is started anew before it ends.
        let wrk = Wrk(directory: site.directory, seconds: 50, connections: 32)
        var load = try wrk.background(try site.evaluation(token), port: site.port)
        var loadStarted = Moment.now()
        var exceptions = 0
        var trials = 0
        while trials < bench.trials {
            if Moment.now() - loadStarted > 35 {
                load.stop()
                load = try wrk.background(try site.evaluation(token), port: site.port)
                loadStarted = Moment.now()
            }
            exceptions += try batch(site, agents, lanes, others, byAgent: trials / width % 2 == 0)
            trials += width
        }
        load.stop()
        return [
            Row(
                what: "revoked, and still active at the first verification, under load",
                value: "\(exceptions)", peer: "of \(trials) trials", ratio: "-", goal: "0",
                isReached: exceptions == 0, spread: "half by token, half by agent")
        ]
    }

    private static func connections(_ site: BenchSite) throws(BenchError) -> [HTTPConnection] {
        var connections: [HTTPConnection] = []
        for _ in 0..<width { connections.append(try HTTPConnection(port: site.port)) }
        return connections
    }

    /// One trial on each lane at once; answers how many verified what was revoked.
    private static func batch(
        _ site: BenchSite, _ agents: [BenchAgent], _ lanes: [HTTPConnection], _ others: [HTTPConnection], byAgent: Bool
    ) throws(BenchError) -> Int {
        let bearer = try site.bearer("mayfly.admin")
        for (agent, lane) in zip(agents, lanes) {
            try lane.send(try agent.tokenRequest(scope: BenchSite.scope, lifetime: 3600))
        }
        var tokens: [String] = []
        for lane in lanes { tokens.append(try BenchSite.token(in: try lane.receive())) }
        for (token, lane) in zip(tokens, lanes) { try lane.send(try site.introspection(token)) }
        for lane in lanes {
            guard try lane.receive().contains("\"active\":true") else { throw BenchError("a new token is not active") }
        }
        for index in 0..<width {
            let target = byAgent ? "\"agent\":\"\(agents[index].id)\"" : "\"token\":\"\(try tokenID(tokens[index]))\""
            try lanes[index].send(.json("/api/v1/revocations", "{\(target)}", bearer: bearer))
        }
        for index in 0..<width {
            let answer = try lanes[index].receive()
            guard answer.status == 200 else { throw BenchError("a revocation was answered \(answer.status)") }
            try others[index].send(try site.introspection(tokens[index]))
        }
        var exceptions = 0
        for other in others where try !isRefused(try other.receive()) { exceptions += 1 }
        return exceptions
    }

    private static func isRefused(_ answer: HTTPConnection.Answer) throws(BenchError) -> Bool {
        guard answer.status == 200 else { throw BenchError("a verification was answered \(answer.status)") }
        return !answer.contains("\"active\":true")
    }

    private static func tokenID(_ token: String) throws(BenchError) -> String {
        guard let claims = try? JWS.parse(Array(token.utf8)).claims(), let id = claims["jti"]?.stringValue else {
            throw BenchError("a token without jti")
        }
        return id
    }
}
