internal import MayflyBroker
internal import Synchronization

/// The connections of one store that only read, each behind its own lock.
final class PostgresReaders: Sendable {
    /// A long search over the ledger keeps one; the other is there for proofs.
    private static let count = 2

    private let readers: [Reader]

    init(_ place: PostgresPlace) throws(StoreError) {
        var readers: [Reader] = []
        for _ in 0..<Self.count { readers.append(try Reader(place)) }
        self.readers = readers
    }

    /// Runs `body` on a reader that is free, or else waits for the first.
    func read<Value: Sendable>(
        _ body: (PostgresReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        for reader in readers {
            let value = try reader.state.withLockIfAvailable { (state) throws(StoreError) in try body(state) }
            if let value { return value }
        }
        return try readers[0].state.withLock { (state) throws(StoreError) in try body(state) }
    }

    /// A reader with its lock.
    private final class Reader: Sendable {
        let state: Mutex<PostgresReader>

        init(_ place: PostgresPlace) throws(StoreError) {
            state = Mutex(try PostgresReader(place))
        }
    }
}
