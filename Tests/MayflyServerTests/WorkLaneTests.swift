import Glibc
@testable import MayflyServer
import Synchronization
import Testing

/// The queue before what costs a signature: what it takes, in which order, and when it says no.
@Suite struct WorkLaneTests {
    @Test func aRestingLaneLetsTheCallerDoTheWorkItself() throws {
        let gate = Gate()
        gate.open()
        let lane = try lane(gate)
        defer { lane.stop() }
        #expect(eventually { gate.isInline(lane.admit(request("a"), to: .ordinary)) })
    }

    @Test func aFullQueueRefusesAtOnceAndKeepsWhatItTook() throws {
        let gate = Gate()
        var bounds = WorkLane.Bounds.patient
        bounds.maximumJobs = 10
        let lane = try lane(gate, bounds)
        try occupy(lane, gate)
        let answers = (0..<15).map { Pending(lane.admit(request("\($0)"), to: .ordinary)) }
        #expect(answers.prefix(10).allSatisfy { $0.status == nil })
        #expect(answers.dropFirst(10).allSatisfy { $0.status == 503 })
        #expect(lane.shedCount == 5)
        // The other lines have room although this one has none.
        let others = [WorkLane.Line.administrative, .proving].map {
            Pending(lane.admit(request("kill switch"), to: $0))
        }
        #expect(others.allSatisfy { $0.status == nil })
        gate.open()
        #expect(eventually { (answers.prefix(10) + others).allSatisfy { $0.status == 200 } })
        lane.stop()
        #expect(lane.waiting == 0)
    }

    @Test func aFloodOfLargeBodiesIsBoundedByItsBytes() throws {
        let gate = Gate()
        var bounds = WorkLane.Bounds.patient
        bounds.maximumBytes = 300_000
        let lane = try lane(gate, bounds)
        try occupy(lane, gate)
        let body = [UInt8](repeating: 97, count: 60_000)
        let answers = (0..<10).map { _ in Pending(lane.admit(request("x", body), to: .ordinary)) }
        #expect(answers.count { $0.status == nil } == 5)
        #expect(Pending(lane.admit(request("x", body), to: .administrative)).status == nil)
        gate.open()
        lane.stop()
    }

    @Test func theLinesAreWorkedInTurn() throws {
        let gate = Gate()
        let lane = try lane(gate)
        try occupy(lane, gate)
        for index in 0..<6 { _ = Pending(lane.admit(request("o\(index)"), to: .ordinary)) }
        for index in 0..<3 { _ = Pending(lane.admit(request("a\(index)"), to: .administrative)) }
        for index in 0..<2 { _ = Pending(lane.admit(request("p\(index)"), to: .proving)) }
        gate.open()
        lane.stop()
        let order = gate.order.filter { !$0.hasPrefix("/hang") }
        #expect(order.prefix(9).count { $0.hasPrefix("/a") } == 3, "\(order)")
        #expect(order.prefix(6).count { $0.hasPrefix("/p") } == 2, "\(order)")
        #expect(order.filter { $0.hasPrefix("/o") } == (0..<6).map { "/o\($0)" })
    }

    @Test func aLaneThatWorksForItselfLeavesTheCallerAlone() throws {
        let gate = Gate()
        gate.open()
        var bounds = WorkLane.Bounds.patient
        bounds.worksAlone = false
        let lane = try lane(gate, bounds)
        try #require(eventually { lane.isResting })
        #expect(!gate.isInline(lane.admit(request("a"), to: .ordinary)))
        lane.stop()
    }

    @Test func whatHasWaitedTooLongIsRefusedWithoutWork() throws {
        let gate = Gate()
        var bounds = WorkLane.Bounds()
        bounds.maximumWait = 1_000_000
        let lane = try lane(gate, bounds)
        try occupy(lane, gate)
        let late = Pending(lane.admit(request("late"), to: .ordinary))
        let admitted = ContinuousClock.now
        // The age of the one in front speaks for the next.
        #expect(eventually { Pending(lane.admit(request("next"), to: .ordinary)).status == 503 })
        // Its own wait is judged when its turn comes.
        #expect(eventually { ContinuousClock.now - admitted > .nanoseconds(bounds.maximumWait) })
        gate.open()
        lane.stop()
        #expect(late.status == 503)
        #expect(!gate.order.contains("/late"))
    }

    @Test func nothingIsTakenWhileTheStoreDoesNotKeepUp() throws {
        let lane = try WorkLane(
            bounds: WorkLane.Bounds(), isDownstreamFull: { true },
            shed: { HTTPReply(status: 503, headers: [("Retry-After", "\($1)")]) },
            work: { _ in .reply(HTTPReply(status: 200)) })
        defer { lane.stop() }
        let answer = Pending(lane.admit(request("a"), to: .administrative))
        #expect(answer.status == 503)
        #expect(answer.header("Retry-After") == "1")
        // It still has room for the end of a token.
        let revocation = Pending(lane.admit(request("b"), to: .proving))
        #expect(eventually { revocation.status == 200 })
    }

    @Test func manyThreadsLoseNothing() throws {
        var bounds = WorkLane.Bounds.patient
        bounds.threads = 3
        let done = Atomic<Int>(0)
        let lane = try WorkLane(
            bounds: bounds, shed: { _, _ in HTTPReply(status: 503) },
            work: { _ in
                .parked { parked in
                    done.add(1, ordering: .relaxed)
                    parked.finish(HTTPReply(status: 200))
                }
            })
        let answers = Mutex<[Pending]>([])
        for _ in 0..<4 {
            onThread {
                for _ in 0..<500 {
                    let pending = Pending(lane.admit(request("a"), to: .ordinary))
                    answers.withLock { $0.append(pending) }
                }
            }
        }
        #expect(eventually { answers.withLock { $0.count == 2000 && $0.allSatisfy { $0.status != nil } } })
        let succeeded = answers.withLock { $0.count { $0.status == 200 } }
        #expect(done.load(ordering: .relaxed) == succeeded && succeeded + lane.shedCount == 2000)
        lane.stop()
    }

    @Test(arguments: [
        ("/oauth2/token", "scope=a", true), ("/oauth2/%74oken", "scope=a", true), ("/api/v1/enrol", "{}", true),
        ("/oauth2/introspect", "token=a&client_assertion=b", true), ("/oauth2/revoke", "token=a", true),
        ("/oauth2/bc-authorize", "scope=a", true), ("/api/v1/agents/agent:a/keys", "{}", true),
        ("/api/v1/owners/owner:a/keys", "{}", true), ("/api/v1/agents/agent:a/suspend", "{}", false),
        ("/api/v1/revocations", "{}", false), ("/access/v1/evaluation", "{}", false),
    ])
    func onlyWhatCostsASignatureAnswersLater(_ path: String, _ body: String, _ waits: Bool) throws {
        let gate = Gate()
        let handler = try AdmittingHandler(
            before: FakeHandler { gate.work($0) }, bounds: .patient, isDownstreamFull: { false })
        try occupy(handler.lane, gate)
        gate.letOthersPass()
        let pending = Pending(
            handler.handle(try HTTPRequest(method: "POST", target: path, body: Array(body.utf8))))
        #expect((pending.status == nil) == waits)
        gate.open()
        handler.stop()
        #expect(pending.status == 200)
    }

    @Test(arguments: [
        ("/api/v1/policies", true), ("/api/v1/policy-check", true), ("/api/v1/policies/1/activate", false),
        ("/api/v1/agents", false),
    ])
    func policyIsExaminedByAThreadOfItsOwn(_ path: String, _ isApart: Bool) throws {
        let handler = try AdmittingHandler(
            before: FakeHandler { _ in .reply(HTTPReply(status: 200)) }, bounds: .patient, isDownstreamFull: { false })
        // Also where nothing else is to be done.
        try #require(eventually { handler.lane.isResting })
        let outcome = handler.handle(try HTTPRequest(method: "POST", target: path, body: Array("{}".utf8)))
        if case .parked = outcome { #expect(isApart) } else { #expect(!isApart) }
        let pending = Pending(outcome)
        #expect(eventually { pending.status == 200 })
        handler.stop()
    }

    @Test func aToolsQuestionsNeverWait() throws {
        let gate = Gate()
        let handler = try AdmittingHandler(
            before: FakeHandler { gate.work($0) }, bounds: .patient, isDownstreamFull: { false })
        try occupy(handler.lane, gate)
        gate.letOthersPass()
        let question = try HTTPRequest(
            method: "POST", target: "/oauth2/introspect", headers: [("Authorization", "Bearer a")],
            body: Array("token=b".utf8))
        #expect(Pending(handler.handle(question)).status == 200)
        gate.open()
        handler.stop()
    }

    /// Fills the lane's one worker and its lone place with requests that hang.
    private func occupy(_ lane: WorkLane, _ gate: Gate) throws {
        // The caller does the work only once the worker has come to rest.
        try #require(eventually { lane.isResting })
        onThread { _ = Pending(lane.admit(request("hang1"), to: .ordinary)) }
        try #require(eventually { gate.order.count == 1 })
        // Where the lane's patience is short, the worker may give a request up before it begins.
        while gate.order.count == 1 {
            let second = Pending(lane.admit(request("hang2"), to: .ordinary))
            try #require(eventually { gate.order.count == 2 || second.status != nil })
        }
    }

    private func lane(_ gate: Gate, _ bounds: WorkLane.Bounds = .patient) throws -> WorkLane {
        let lane = try WorkLane(
            bounds: bounds, shed: { HTTPReply(status: 503, headers: [("Retry-After", "\($1)")]) },
            work: { gate.work($0) })
        return lane
    }
}

extension WorkLane.Bounds {
    /// A wait that a busy machine does not reach.
    fileprivate static var patient: WorkLane.Bounds {
        var bounds = WorkLane.Bounds()
        bounds.maximumWait = 300_000_000_000
        return bounds
    }
}

private func request(_ name: String, _ body: [UInt8] = []) -> HTTPRequest {
    guard let request = try? HTTPRequest(method: "POST", target: "/\(name.filter { $0 != " " })", body: body) else {
        preconditionFailure("the test's own request is well formed")
    }
    return request
}

/// Work that hangs until it is let go, in the order in which it began.
private final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var passesOthers = false
        var order: [String] = []
    }

    private let state = Mutex(State())

    var order: [String] { state.withLock { $0.order } }

    func open() { state.withLock { $0.isOpen = true } }

    /// Lets what was not there yet through.
    func letOthersPass() { state.withLock { $0.passesOthers = true } }

    func work(_ request: HTTPRequest) -> HTTPOutcome {
        let passes = state.withLock { state in
            state.order.append(request.path)
            return state.passesOthers
        }
        while !passes, !state.withLock({ $0.isOpen }) { sched_yield() }
        return .reply(HTTPReply(status: 200))
    }

    func isInline(_ outcome: HTTPOutcome) -> Bool {
        if case .reply(let reply) = outcome { return reply.status == 200 }
        return false
    }
}

/// An answer that may still be on its way.
private final class Pending: Sendable {
    private let reply = Mutex<HTTPReply?>(nil)

    init(_ outcome: HTTPOutcome) {
        switch outcome {
        case .reply(let reply): self.reply.withLock { $0 = reply }
        case .parked(let begin):
            begin(
                ParkedReply(
                    observer: { reply in self.reply.withLock { $0 = reply } },
                    whenAbandoned: { HTTPReply(status: 599) }))
        }
    }

    var status: Int? { reply.withLock { $0?.status } }

    func header(_ name: String) -> String? { reply.withLock { $0?.headers.first { $0.name == name }?.value } }
}
