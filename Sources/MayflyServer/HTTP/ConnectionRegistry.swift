internal import Synchronization

/// Every open connection.
final class ConnectionRegistry: Sendable {
    private let records = Mutex<[ObjectIdentifier: ConnectionRecord]>([:])
    private let changed: WakeUp

    init() throws(HTTPServerError) {
        changed = try WakeUp()
    }

    func add(_ record: ConnectionRecord) {
        records.withLock { $0[ObjectIdentifier(record)] = record }
    }

    /// Returns once the record is out, and whether it was the last.
    func remove(_ record: ConnectionRecord) {
        let isLast = records.withLock {
            $0[ObjectIdentifier(record)] = nil
            return $0.isEmpty
        }
        if isLast { changed.signal() }
    }

    var all: [ConnectionRecord] {
        records.withLock { Array($0.values) }
    }

    var isEmpty: Bool {
        records.withLock { $0.isEmpty }
    }

    /// Waits until no connection is open, calling `prompt` on each in between; false when time ran out first.
    func drain(within limit: Duration, prompt: (ConnectionRecord) -> Void) -> Bool {
        let end = ContinuousClock.now + limit
        while !isEmpty {
            guard ContinuousClock.now < end else { return false }
            for record in all { prompt(record) }
            changed.wait(milliseconds: 10)
        }
        return true
    }
}
