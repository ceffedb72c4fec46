internal import Synchronization

/// Takes spans from requests and brings them to a collector, from a thread of its own.
///
/// The queue is bounded and a request never waits for it: what finds it full, and what the collector does not take, is
/// dropped and counted.
package final class SpanExporter: Sendable {
    /// Spans that wait or are under way.
    package static let capacity = 4096
    /// Spans of one body.
    package static let maximumBatch = 512
    /// Milliseconds that one body may take.
    static let sendTime = 2000
    /// How long `stop` goes on sending.
    private static let flushTime = Duration.seconds(1)

    private struct Queue {
        var waiting: [Span] = []
        /// Taken out of `waiting` and neither sent nor dropped yet.
        var underWay = 0
    }

    private let transport: any SpanTransport
    private let encoder: SpanEncoder
    private let sampler: SpanSampler
    private let queue = Mutex(Queue())
    private let exportedCount = Atomic<UInt64>(0)
    private let droppedCount = Atomic<UInt64>(0)
    private let stopping = Atomic<Bool>(false)
    private let wakeUp: WakeUp
    private let thread = Mutex<BackgroundThread?>(nil)
    private let identifiers = SpanIdentifiers()

    /// Starts the thread; `sample` is the share of new traces that are recorded, from 0 to 1.
    package init(transport: any SpanTransport, encoder: SpanEncoder, sample: Double) throws(HTTPServerError) {
        self.transport = transport
        self.encoder = encoder
        sampler = SpanSampler(ratio: sample)
        wakeUp = try WakeUp()
        let thread = try BackgroundThread { [self] in run() }
        self.thread.withLock { $0 = thread }
    }

    /// Spans that the collector took.
    package var exported: UInt64 { exportedCount.load(ordering: .relaxed) }
    package var dropped: UInt64 { droppedCount.load(ordering: .relaxed) }

    /// Takes the span of a request, if its trace is one that is recorded.
    func record(
        _ trace: TraceIdentity, state: String?, route: Int, method: HTTPMethod, status: Int, nanoseconds: UInt64
    ) {
        guard sampler.records(trace) else { return }
        let end = MonotonicTime.wall()
        let span = Span(
            trace: trace, identifier: identifiers.next(), state: state, route: route, method: method, status: status,
            start: end - min(end, nanoseconds), end: end)
        let count = queue.withLock { queue -> Int? in
            guard queue.waiting.count + queue.underWay < Self.capacity else { return nil }
            queue.waiting.append(span)
            return queue.waiting.count
        }
        guard let count else {
            droppedCount.wrappingAdd(1, ordering: .relaxed)
            return
        }
        if count == Self.maximumBatch { wakeUp.signal() }
    }

    /// Sends what waits, for a second at most, and ends the thread.
    ///
    /// What is left then is dropped, and a body that is under way is given up.
    package func stop() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        stopping.store(true, ordering: .sequentiallyConsistent)
        wakeUp.signal()
        if thread.wait(within: Self.flushTime) { return }
        transport.cancel()
        // Nothing of the transport may still run while the process takes itself apart.
        _ = thread.wait(within: .seconds(2))
    }

    private func run() {
        var flushEnd: ContinuousClock.Instant?
        while true {
            let isLast = stopping.load(ordering: .sequentiallyConsistent)
            if isLast { flushEnd = .now + Self.flushTime }
            var rest = takeAll()[...]
            while !rest.isEmpty {
                if flushEnd == nil, stopping.load(ordering: .sequentiallyConsistent) {
                    flushEnd = .now + Self.flushTime
                }
                let batch = Array(rest.prefix(Self.maximumBatch))
                rest = rest.dropFirst(batch.count)
                export(batch, until: flushEnd)
            }
            if isLast { return }
            if !stopping.load(ordering: .sequentiallyConsistent) { wakeUp.wait(milliseconds: 1000) }
        }
    }

    private func takeAll() -> [Span] {
        queue.withLock { queue in
            let taken = queue.waiting
            queue.underWay = taken.count
            queue.waiting = []
            return taken
        }
    }

    private func export(_ batch: [Span], until end: ContinuousClock.Instant?) {
        let left = end.map { (ContinuousClock.now.duration(to: $0) / .milliseconds(1)).wholeNumber } ?? Self.sendTime
        let isTaken = left > 0 && transport.send(encoder.body(batch), milliseconds: min(left, Self.sendTime))
        let counter = UInt64(batch.count)
        if isTaken {
            exportedCount.wrappingAdd(counter, ordering: .relaxed)
        } else {
            droppedCount.wrappingAdd(counter, ordering: .relaxed)
        }
        queue.withLock { $0.underWay -= batch.count }
    }
}

extension Double {
    /// Without its fraction; zero when it does not fit.
    fileprivate var wholeNumber: Int { Int(exactly: rounded(.towardZero)) ?? 0 }
}
