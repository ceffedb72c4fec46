package import MayflyBroker
internal import Synchronization

/// What is seen of each request from outside: how long it took, a line in the log, a span.
///
/// A request costs two readings of a clock and a few atomic additions. A line and a span are made only for a request
/// that gets one; without a collector, tracing is one branch.
package final class Telemetry: Sendable {
    /// Nil when nobody may read it.
    package let page: MetricsPage?
    package let durations = RequestDurations(routes: Endpoints.all.count)
    private let log: (any AccessLog)?
    private let spans: SpanExporter?
    private let parkedCount = AtomicCount()
    private let shedCount = AtomicCount()
    private let identifiers = SpanIdentifiers()
    /// By place in `Endpoints.all`.
    private let methods = Endpoints.all.map { HTTPMethod($0.method) }

    /// What `GET /metrics` says beside what is counted here and in the broker.
    package struct Sources: Sendable {
        package var openConnections: @Sendable () -> Int = { 0 }
        package var droppedLines: @Sendable () -> UInt64 = { 0 }

        package init() {}
    }

    /// With `isReadable` false `GET /metrics` is 404.
    package init(
        broker: Broker, isReadable: Bool = true, sources: Sources = Sources(), log: (any AccessLog)? = nil,
        spans: SpanExporter? = nil
    ) {
        self.log = log
        self.spans = spans
        page =
            isReadable
            ? MetricsPage(
                broker: broker, durations: durations, parkedRequests: { [parkedCount] in parkedCount.value },
                shedRequests: { [shedCount] in shedCount.value },
                openConnections: sources.openConnections, droppedLines: sources.droppedLines, spans: spans)
            : nil
    }

    /// Notes what a request came to, now or when its reply is ready; the server is to go on with what this answers.
    func observe(_ outcome: HTTPOutcome, of request: HTTPRequest, route: Int) -> HTTPOutcome {
        let method = method(of: request, route: route)
        switch outcome {
        case .reply(let reply):
            // The headers are read for a line or a span alone.
            let nanoseconds = measure(reply.status, method, route, since: request.arrivedAt)
            if tells(reply.status) { tell(Caller(request.fields), reply.status, method, route, nanoseconds) }
            return outcome
        case .parked(let begin):
            let caller = Caller(request.fields)
            let arrivedAt = request.arrivedAt
            return .parked { [self] parked in
                parkedCount.add()
                parked.watch { [self] status in
                    parkedCount.remove()
                    note(caller, status, method, route, since: arrivedAt)
                }
                begin(parked)
            }
        }
    }

    /// Nearly always that of the endpoint, which is quicker to compare than to look up.
    private func method(of request: HTTPRequest, route: Int) -> HTTPMethod {
        if methods.indices.contains(route), request.method == methods[route].text { return methods[route] }
        return HTTPMethod(request.method)
    }

    /// Notes a request that was answered 503 before it came to its endpoint, which is the one at `route`.
    package func shed(_ request: HTTPRequest, route: Int) {
        shedCount.add()
        note(Caller(request.fields), 503, HTTPMethod(request.method), route, since: request.arrivedAt)
    }

    /// Notes a request that the server refused before a handler saw it.
    func rejected(_ request: RejectedRequest, status: Int) {
        note(Caller(), status, HTTPMethod(request.method), RequestDurations.noRoute, since: request.arrivedAt)
    }

    private func note(
        _ caller: Caller, _ status: Int, _ method: HTTPMethod, _ route: Int, since arrivedAt: UInt64
    ) {
        let nanoseconds = measure(status, method, route, since: arrivedAt)
        if tells(status) { tell(caller, status, method, route, nanoseconds) }
    }

    /// Answers the nanoseconds.
    private func measure(_ status: Int, _ method: HTTPMethod, _ route: Int, since arrivedAt: UInt64) -> UInt64 {
        let now = MonotonicTime.now()
        let nanoseconds = now - min(now, arrivedAt)
        durations.note(route: route, method: method, status: status, nanoseconds: nanoseconds)
        return nanoseconds
    }

    /// Whether a request gets a line or could get a span.
    private func tells(_ status: Int) -> Bool { spans != nil || log?.wants(status: status) ?? false }

    private func tell(_ caller: Caller, _ status: Int, _ method: HTTPMethod, _ route: Int, _ nanoseconds: UInt64) {
        let trace = caller.parent.map { TraceIdentity($0) } ?? TraceIdentity(identifiers)
        if let log, log.wants(status: status) {
            log.note(
                AccessLine(
                    trace: trace.text, method: method.text,
                    route: Endpoints.all.indices.contains(route) ? Endpoints.all[route].template : "none",
                    status: status, microseconds: nanoseconds / 1000))
        }
        spans?.record(
            trace, state: caller.state, route: route, method: method, status: status, nanoseconds: nanoseconds)
    }

    /// What the client says of the trace that it works on.
    private struct Caller: Sendable {
        let parent: TraceParent?
        let state: String?

        init() {
            (parent, state) = (nil, nil)
        }

        /// Reads the headers; a trace parent that is invalid, or sent twice, is as none, and takes the state with it.
        init(_ fields: HeaderFields) {
            let bytes = fields.count(of: "traceparent") == 1 ? fields.firstBytes("traceparent") : nil
            parent = bytes.flatMap { try? TraceParent.parse($0) }
            state = parent == nil ? nil : TraceState.text(fields)
        }
    }
}

/// A number that many threads change.
private final class AtomicCount: Sendable {
    private let count = Atomic<UInt64>(0)

    func add() { count.wrappingAdd(1, ordering: .relaxed) }
    func remove() { count.wrappingSubtract(1, ordering: .relaxed) }
    var value: UInt64 { count.load(ordering: .relaxed) }
}
