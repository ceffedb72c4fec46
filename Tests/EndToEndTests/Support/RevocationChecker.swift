import Dispatch
import MayflyCrypto
import MayflyModel
import Synchronization

/// Asks every node about tokens without a pause while it ends them, and finds out afterwards whether the promise held:
/// no node said yes to a question that was sent after a node's answer that the token is ended had come.
///
/// All moments are those of one clock, in this process.
final class RevocationChecker: Sendable {
    /// A token that was given.
    struct Token: Sendable {
        let id: String
        let task: String
        let requests: [[UInt8]]
        /// Whether it is to be left alone.
        let isKept: Bool
    }

    struct Question: Sendable {
        let token: Int
        let node: Int
        /// Whether the answer is to be in the ledger first, and not from memory alone.
        let isWritten: Bool
        let sent: ContinuousClock.Instant
        let answered: ContinuousClock.Instant
        /// Whether the node said that the token is good; nil when it said that it cannot tell.
        let isGood: Bool?
    }

    struct Ending: Sendable {
        let token: Int
        let node: Int
        let sent: ContinuousClock.Instant
        let answered: ContinuousClock.Instant
    }

    /// Endings that one thread asks for at a time.
    private static let enders = 2
    /// Milliseconds for an answer at an office.
    private static let patience: Int32 = 4000
    /// Tokens that are left alone.
    private static let kept = 2

    private struct State {
        var tokens: [Token] = []
        /// The nodes' ports; nil for one that does not run.
        var ports: [UInt16?]
        /// Nodes at which tokens are asked for and ended.
        var offices: [Int]
        var isStopped = false
    }

    private let state: Mutex<State>
    private let agent: Principal
    private let issuer: String
    private let basic: String
    private let admin: String
    let questions = Collected<Question>()
    let endings = Collected<Ending>()
    /// Answers that refused to end a token, or none.
    let failures = Collected<String>()
    private let group = DispatchGroup()
    /// Nobody rings it: it is what a thread waits at while there is no one to ask.
    private let never = DispatchSemaphore(value: 0)

    /// Begins at once.
    init(_ cluster: RunningCluster) throws {
        let desk = cluster.desks[0]
        agent = try desk.agent("orchestrator")
        issuer = desk.broker.issuer
        basic = try desk.basic("tickets")
        admin = try desk.adminToken()
        state = Mutex(State(ports: cluster.nodes.map(\.port), offices: Array(cluster.nodes.indices)))
        for _ in 0..<Self.kept { try require(mint(at: 0, isKept: true)) }
        for node in cluster.nodes.indices { run("ask.\(node)") { self.ask(node) } }
        for number in 0..<Self.enders { run("end.\(number)") { self.end(number) } }
    }

    private func require(_ token: Int?) throws {
        guard token != nil else { throw HarnessError("no token was given") }
    }

    private func run(_ label: String, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: label).async(group: group, execute: body)
    }

    // MARK: What the test says

    /// Where tokens are asked for and ended from now on.
    func use(_ nodes: [Int]) { state.withLock { $0.offices = nodes } }

    /// Where a node listens now; nil for nowhere.
    func locate(_ node: Int, at port: UInt16?) { state.withLock { $0.ports[node] = port } }

    /// Ends all threads, once what they have asked is answered.
    func stop() {
        state.withLock { $0.isStopped = true }
        group.wait()
    }

    var tokens: [Token] { state.withLock { $0.tokens } }

    /// Waits until so many endings were answered that were asked for from now on.
    func waitForEndings(_ count: Int, seconds: Int = 30) throws {
        let start = ContinuousClock.now
        try endings.wait("\(count) endings", seconds: seconds) { $0.count { $0.sent >= start } >= count }
    }

    /// Waits until a node has said from its memory, to a question from now on, that a token is good or not, or that it
    /// cannot tell.
    func wait(for node: Int, toSay isGood: Bool?, seconds: Int = 30) throws {
        let start = ContinuousClock.now
        try questions.wait("\(isGood.map { "\($0)" } ?? "nothing") from \(node)", seconds: seconds) {
            $0.reversed().contains { $0.node == node && $0.sent >= start && $0.isGood == isGood && !$0.isWritten }
        }
    }

    // MARK: What came of it

    /// Answers that the promise forbids.
    var broken: [String] {
        var ended: [Int: ContinuousClock.Instant] = [:]
        for ending in endings.all { ended[ending.token] = min(ended[ending.token] ?? ending.answered, ending.answered) }
        return questions.all.compactMap { question in
            guard question.isGood == true, let end = ended[question.token], question.sent > end else { return nil }
            return "node \(question.node) said yes \(question.sent - end) after token \(question.token) was ended"
        }
    }

    var slowestEnding: Duration { endings.all.map { $0.answered - $0.sent }.max() ?? .zero }

    /// When the last question was sent that a node has answered from its memory.
    func lastAnswered(by node: Int) -> ContinuousClock.Instant? {
        questions.all.filter { $0.node == node && $0.isGood != nil && !$0.isWritten }.map(\.sent).max()
    }

    /// The tokens that a node has said to be ended.
    var ended: Set<Int> { Set(endings.all.map(\.token)) }

    /// How many answers said yes, no, and neither.
    var summary: String {
        let all = questions.all
        return "\(all.count { $0.isGood == true }) yes, \(all.count { $0.isGood == false }) no, "
            + "\(all.count { $0.isGood == nil }) neither, \(endings.count) ended, slowest \(slowestEnding), "
            + "\(failures.count) failed"
    }

    // MARK: Asking

    /// A question whose answer has not come.
    private struct Pending {
        let connection: HTTPConnection
        let token: Int
        let isWritten: Bool
        let sent: ContinuousClock.Instant
    }

    private func ask(_ node: Int) {
        var random = UInt64(node) &+ 1
        var idle: HTTPConnection?
        var waiting: [Pending] = []
        func take(_ index: Int, milliseconds: Int32) -> Bool {
            let asked = waiting[index]
            switch asked.connection.arrival(milliseconds: milliseconds) {
            case .nothingYet: return false
            case .closed: break
            case .answer(let answer):
                let isGood = answer.object["active"]?.boolValue ?? answer.object["decision"]?.boolValue
                questions.add(
                    Question(
                        token: asked.token, node: node, isWritten: asked.isWritten, sent: asked.sent, answered: .now,
                        isGood: isGood))
                idle = asked.connection
            }
            waiting.remove(at: index)
            return true
        }
        while true {
            let (port, tokens, isStopped) = state.withLock { ($0.ports[node], $0.tokens, $0.isStopped) }
            if isStopped { break }
            for index in waiting.indices.reversed() { _ = take(index, milliseconds: 0) }
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let draw = Int(random >> 33)
            // The newest are those that are about to end; the first are left alone.
            let token =
                switch draw % 8 {
                case 0: draw / 8 % tokens.count
                case 1, 2: draw / 8 % Self.kept
                default: max(0, tokens.count - 1 - draw / 8 % 6)
                }
            // A node that stands still is asked now and then, so that questions of all moments wait for it.
            let isWritten = draw / 8 % 16 == 1 && waiting.count < 8
            guard let port, waiting.count < 100, let connection = try? idle ?? HTTPConnection(port: port) else {
                _ = never.wait(timeout: .now() + .milliseconds(5))
                continue
            }
            idle = nil
            let sent = ContinuousClock.now
            guard connection.send(tokens[token].requests[isWritten ? 1 : 0]) else { continue }
            waiting.append(Pending(connection: connection, token: token, isWritten: isWritten, sent: sent))
            _ = take(waiting.count - 1, milliseconds: 40)
            // The nodes are to have room for the rest.
            _ = never.wait(timeout: .now() + .milliseconds(2))
        }
        for index in waiting.indices.reversed() { _ = take(index, milliseconds: 5000) }
    }

    // MARK: Ending

    private func end(_ number: Int) {
        var turn = number
        while true {
            let (offices, isStopped) = state.withLock { ($0.offices, $0.isStopped) }
            if isStopped { return }
            turn += 1
            guard let token = mint(at: offices[turn % offices.count], isKept: false) else {
                _ = never.wait(timeout: .now() + .milliseconds(5))
                continue
            }
            // Until it is answered: a commit whose answer was lost is asked for again, elsewhere.
            while !revoke(token) { if state.withLock({ $0.isStopped }) { return } }
        }
    }

    private func revoke(_ number: Int) -> Bool {
        let (token, node, port) = state.withLock { state in
            let node = state.offices.randomElement() ?? 0
            return (state.tokens[number], node, state.ports[node])
        }
        let (name, value) = number % 2 == 0 ? ("token", token.id) : ("task", token.task)
        let body: JSONObject = ["reason": .string("test"), name: .string(value)]
        let request = HTTP.bytes(
            "POST", "/api/v1/revocations",
            [("Authorization", "Bearer " + admin), ("Content-Type", "application/json")],
            JSONWriter.bytes(of: .object(body)))
        let sent = ContinuousClock.now
        guard let port, let connection = try? HTTPConnection(port: port), connection.send(request) else {
            failures.add("no connection to \(node)")
            _ = never.wait(timeout: .now() + .milliseconds(5))
            return false
        }
        guard case .answer(let answer) = connection.arrival(milliseconds: Self.patience) else {
            failures.add("no answer from \(node)")
            return false
        }
        guard answer.status == 200 else {
            failures.add("\(node): \(answer)")
            _ = never.wait(timeout: .now() + .milliseconds(5))
            return false
        }
        endings.add(Ending(token: number, node: node, sent: sent, answered: .now))
        return true
    }

    /// The number of a new token; nil when none was given.
    private func mint(at node: Int, isKept: Bool) -> Int? {
        guard let port = state.withLock({ $0.ports[node] }), let task = try? SecureRandom.token(byteCount: 12),
            let assertion = try? agent.assertion(for: issuer)
        else { return nil }
        let fields = [
            ("grant_type", "client_credentials"), ("client_assertion_type", Desk.assertionType),
            ("client_assertion", assertion), ("resource", "tickets"), ("scope", "tickets:read"), ("task", task),
        ]
        let form = ("Content-Type", "application/x-www-form-urlencoded")
        let request = HTTP.bytes("POST", "/oauth2/token", [form], Array(Desk.encoded(fields).utf8))
        guard let connection = try? HTTPConnection(port: port), connection.send(request),
            case .answer(let answer) = connection.arrival(milliseconds: Self.patience),
            let compact = answer["access_token"],
            let id = try? JWS.parse(Array(compact.utf8)).claims()["jti"]?.stringValue
        else { return nil }
        let question =
            #"{"subject":{"type":"access_token","id":"\#(compact)"},"action":{"name":"read"},"#
            + #""resource":{"type":"note","id":"1"}}"#
        let token = Token(
            id: id, task: task,
            requests: [
                HTTP.bytes(
                    "POST", "/oauth2/introspect", [form, ("Authorization", basic)],
                    Array(Desk.encoded([("token", compact)]).utf8), closes: false),
                HTTP.bytes(
                    "POST", "/access/v1/evaluation",
                    [("Content-Type", "application/json"), ("Authorization", basic)], Array(question.utf8),
                    closes: false),
            ], isKept: isKept)
        return state.withLock { state in
            state.tokens.append(token)
            return state.tokens.count - 1
        }
    }
}
