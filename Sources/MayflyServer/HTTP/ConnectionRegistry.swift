internal import Synchronization

/// Every open connection.
final class ConnectionRegistry: Sendable {
    private struct Open {
        var records: [ObjectIdentifier: ConnectionRecord] = [:]
        var tide = ConnectionTide()
    }

    private let open = Mutex(Open())
    private let changed: WakeUp
    private let limits: HTTPLimits
    /// Signalled when the table gets crowded, until `relieve` has looked at it.
    let crowded: WakeUp
    private let isCrowded = Atomic<Bool>(false)

    init(limits: HTTPLimits) throws(HTTPServerError) {
        self.limits = limits
        changed = try WakeUp()
        crowded = try WakeUp()
    }

    func add(_ record: ConnectionRecord) {
        let count = open.withLock {
            $0.records[ObjectIdentifier(record)] = record
            $0.tide.rise(to: $0.records.count)
            return $0.records.count
        }
        guard count > limits.crowdedConnections else { return }
        // Only the first of many arrivals has to wake the sweeper.
        if !isCrowded.exchange(true, ordering: .sequentiallyConsistent) { crowded.signal() }
    }

    /// Cuts connections past their deadline and, when the table is crowded, those that have done nothing for the
    /// longest, until there is room again.
    ///
    /// Those that had their answer go first: what looks like a slow header may be a whole one that a busy server has
    /// not read yet.
    func sweep(_ now: ContinuousClock.Instant) {
        isCrowded.store(false, ordering: .sequentiallyConsistent)
        let records = all
        for record in records { record.sweep(now) }
        // What was cut before still counts with the library until it has closed it, which a busy server does late. It
        // must not cost the next ones their place.
        let standing = records.count { !$0.isCut }
        guard standing > limits.crowdedConnections else { return }
        let waiting = records.compactMap { record in
            record.waiting(limits, now).map { (wait: $0, record: record) }
        }
        let order = waiting.sorted { left, right in
            left.wait.isIdle == right.wait.isIdle ? left.wait.since < right.wait.since : left.wait.isIdle
        }
        for (_, record) in order.prefix(standing - limits.relievedConnections) { record.cutIfWaiting() }
    }

    /// Returns once the record is out, and whether it was the last.
    func remove(_ record: ConnectionRecord) {
        let isLast = open.withLock {
            $0.records[ObjectIdentifier(record)] = nil
            return $0.records.isEmpty
        }
        if isLast { changed.signal() }
    }

    /// Whether memory of connections that have closed is to be given back now; to be asked by the sweeper.
    func takeEbb() -> Bool {
        open.withLock { $0.tide.takeEbb(at: $0.records.count) }
    }

    var all: [ConnectionRecord] {
        open.withLock { Array($0.records.values) }
    }

    var count: Int {
        open.withLock { $0.records.count }
    }

    var isEmpty: Bool {
        open.withLock { $0.records.isEmpty }
    }

    /// Waits until no connection is open, calling `prompt` on each in between; false when time ran out first.
    func drain(until end: ContinuousClock.Instant, prompt: (ConnectionRecord) -> Void) -> Bool {
        while !isEmpty {
            guard ContinuousClock.now < end else { return false }
            for record in all { prompt(record) }
            changed.wait(milliseconds: 10)
        }
        return true
    }
}
