internal import Glibc
import MayflyCrypto
import MayflyModel

/// Three brokers on one database: how long a revocation takes to be final everywhere, and what sharing costs.
///
/// Meanwhile wrk asks one node for decisions, which all go through the database, and the two others about a token, with
/// pauses: where the processors are never idle, it is their queue that is measured. A trial mints at one node, sees
/// that the token is active at all, revokes at the next, and asks all three again on other connections as soon as that
/// is answered.
enum ClusterRows {
    private static let names = ["a", "b", "c"]
    /// Milliseconds between an answer and the next question of each of wrk's connections.
    private static let pause = 2
    /// Milliseconds for which a node of the default configuration may answer without the database.
    private static let lease = 2000.0

    /// The nodes, by their ports.
    private final class Nodes {
        let site: BenchSite
        let others: [ChildProcess]
        let ports: [Int]

        init(_ bench: Bench) throws(BenchError) {
            site = try BenchSite(bench.tools, store: try StoreRows.database(), node: names[0])
            try site.registerBasics()
            var started: [(ChildProcess, Int)] = []
            for name in names.dropFirst() { started.append(try site.startNode(name)) }
            others = started.map(\.0)
            ports = [site.port] + started.map(\.1)
        }

        func connections() throws(BenchError) -> [HTTPConnection] {
            var connections: [HTTPConnection] = []
            for port in ports { connections.append(try HTTPConnection(port: port)) }
            return connections
        }
    }

    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let nodes = try Nodes(bench)
        let agent = try nodes.site.enrol("agent:hop1")
        var rows = try revocations(bench, nodes, agent)
        rows += try frozen(bench, nodes, agent)
        rows.append(try issue(bench, nodes, agent))
        return rows
    }

    // MARK: Revocations

    private static func revocations(
        _ bench: Bench, _ nodes: Nodes, _ agent: BenchAgent
    ) throws(BenchError) -> [Row] {
        let site = nodes.site
        let agents = try site.agents(names.map { "agent:trial-\($0)" })
        let held = try site.chain([agent], depth: 1)
        let load = Load(nodes.ports, site, token: held)
        var times: [Double] = []
        var exceptions = 0
        let count = bench.trials / 10
        for number in 0..<count {
            try load.goOn()
            let trial = try trial(nodes, agents[number % agents.count], number: number)
            times.append(trial.milliseconds)
            exceptions += trial.exceptions
        }
        load.stop()
        let spread = Spread(times)
        let p99 = spread.quantile(0.99)
        return [
            Row(
                what: "revocation, sent to answered, three nodes under load, p99",
                value: "\(Spread.text(p99)) ms", peer: "\(Spread.text(spread.median)) ms (p50)", ratio: "-",
                goal: "<= 25 ms", isReached: p99 <= 25, spread: "\(spread.range) ms, \(count) revocations"),
            Row(
                what: "answered, and then still active at any node",
                value: "\(exceptions)", peer: "of \(count * names.count) questions", ratio: "-", goal: "0",
                isReached: exceptions == 0, spread: "half by token, half by agent"),
        ]
    }

    private static func trial(
        _ nodes: Nodes, _ agent: BenchAgent, number: Int
    ) throws(BenchError) -> (milliseconds: Double, exceptions: Int) {
        let site = nodes.site
        let (first, second) = (try nodes.connections(), try nodes.connections())
        let minting = first[number % first.count]
        let token = try BenchSite.token(
            in: try minting.exchange(try agent.tokenRequest(scope: BenchSite.scope, lifetime: 3600)))
        for node in first {
            guard try node.exchange(try site.introspection(token)).contains("\"active\":true") else {
                throw BenchError("a new token is not active at another node")
            }
        }
        let target = number % 2 == 0 ? "\"agent\":\"\(agent.id)\"" : "\"token\":\"\(try tokenID(token))\""
        let request = HTTPRequestBytes.json(
            "/api/v1/revocations", "{\(target)}", bearer: try site.bearer("mayfly.admin"))
        let questions = try site.introspection(token)
        let start = Moment.now()
        let answer = try first[(number + 1) % first.count].exchange(request)
        let milliseconds = (Moment.now() - start) * 1000
        guard answer.status == 200 else { throw BenchError("a revocation was answered \(answer.status)") }
        for node in second { try node.send(questions) }
        var exceptions = 0
        for node in second {
            let answer = try node.receive()
            guard answer.status == 200 else { throw BenchError("a question was answered \(answer.status)") }
            if answer.contains("\"active\":true") { exceptions += 1 }
        }
        return (milliseconds, exceptions)
    }

    private static func tokenID(_ token: String) throws(BenchError) -> String {
        guard let claims = try? JWS.parse(Array(token.utf8)).claims(), let id = claims["jti"]?.stringValue else {
            throw BenchError("a token without jti")
        }
        return id
    }

    /// wrk on every node, begun anew before the bearer token that it uses has ended.
    private final class Load {
        private let ports: [Int]
        private let site: BenchSite
        private let token: String
        private var running: [ChildProcess] = []
        private var started = -100.0

        init(_ ports: [Int], _ site: BenchSite, token: String) {
            (self.ports, self.site, self.token) = (ports, site, token)
        }

        func goOn() throws(BenchError) {
            guard Moment.now() - started > 35 else { return }
            stop()
            let wrk = Wrk(directory: site.directory, seconds: 50, connections: 4)
            running.append(try wrk.background(try site.evaluation(token), port: ports[0], pause: pause))
            // wrk reads its script when it starts, and the next one is written to the same file.
            usleep(200_000)
            for port in ports.dropFirst() {
                running.append(try wrk.background(try site.introspection(token), port: port, pause: pause))
            }
            usleep(200_000)
            started = Moment.now()
        }

        func stop() {
            for process in running { process.stop() }
            running = []
        }
    }

    // MARK: A node that stands still

    private static func frozen(_ bench: Bench, _ nodes: Nodes, _ agent: BenchAgent) throws(BenchError) -> [Row] {
        var times: [Double] = []
        for _ in 0..<bench.rounds {
            guard let last = nodes.others.last, let port = nodes.ports.last else { break }
            kill(last.pid, SIGSTOP)
            let request = HTTPRequestBytes.json(
                "/api/v1/revocations", "{\"agent\":\"\(agent.id)\"}", bearer: try nodes.site.bearer("mayfly.admin"))
            let start = Moment.now()
            _ = try nodes.site.exchange(request)
            times.append((Moment.now() - start) * 1000)
            kill(last.pid, SIGCONT)
            try waitUntilReady(port)
        }
        return [
            .limit("revocation, one node standing still", times, unit: "ms", atMost: lease + 500)
        ]
    }

    private static func waitUntilReady(_ port: Int) throws(BenchError) {
        let deadline = Moment.now() + 10
        while Moment.now() < deadline {
            let url = "http://127.0.0.1:\(port)/readyz"
            if (try? ChildProcess.run(["curl", "--silent", "--fail", "--max-time", "2", url])) != nil { return }
            usleep(20_000)
        }
        throw BenchError("a node that goes on again does not become ready")
    }

    // MARK: Tokens

    /// One node has the load; the two others follow what it commits.
    private static func issue(_ bench: Bench, _ nodes: Nodes, _ agent: BenchAgent) throws(BenchError) -> Row {
        var values: [Double] = []
        var peers: [Double] = []
        for _ in 0..<bench.rounds {
            peers.append(
                try StoreRows.rate(bench.site, bench.hops[0], connections: 64, count: bench.uniqueRequests))
            values.append(try StoreRows.rate(nodes.site, agent, connections: 64, count: bench.uniqueRequests))
        }
        return .ratio(
            "tokens at one of three nodes, 64 at once", values, against: peers, "one broker on SQLite", unit: "/s",
            atLeast: 0.7)
    }
}
