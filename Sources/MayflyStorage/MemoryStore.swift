package import MayflyBroker
package import MayflyCrypto
package import MayflyModel
internal import Synchronization

/// A store that keeps nothing past the process, for tests: the same contract as a real one, without the disk.
package final class MemoryStore: Store {
    private struct State {
        var records: [RecordKey: StoredRecord] = [:]
        /// A group for each commit that had any, the oldest first.
        var marks: [[UsedMark]] = []
        var head = StoreHead()
        var entries: [LedgerEntry] = []
        /// Index of the first of `entries`.
        var start: UInt64 = 0
        /// By level less one, then by index: a batch completes every subtree in order, so there are no gaps.
        var subtrees = [[SHA256Digest]](repeating: [], count: StoreLimits.subtreeLevel)
        var failure: StoreError?
    }

    private let state = Mutex(State())

    package init() {}

    /// Lets every write from now on fail with `error`, as a broken disk would; nil mends the disk.
    package func failWrites(with error: StoreError?) {
        state.withLock { $0.failure = error }
    }

    package func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) {
        let records = state.withLock { $0.records }
        for record in records.values { body(record) }
    }

    package func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) {
        let marks = state.withLock { $0.marks }
        for mark in marks.joined() { body(mark) }
    }

    package func head() throws(StoreError) -> StoreHead {
        state.withLock { $0.head }
    }

    package func commit(_ batch: Batch) throws(StoreError) {
        try state.withLock { (state) throws(StoreError) in
            if let failure = state.failure { throw failure }
            try batch.check(following: state.head)
            for record in batch.puts { state.records[record.key] = record }
            for key in batch.deletes { state.records[key] = nil }
            if !batch.marks.isEmpty { state.marks.append(batch.marks) }
            state.entries += batch.entries
            for subtree in batch.subtrees.sorted(by: { $0.index < $1.index }) {
                state.subtrees[subtree.level - 1].append(subtree.hash)
            }
            state.head = batch.head
        }
    }

    package func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        try state.withLock { (state) throws(StoreError) in
            if let failure = state.failure { throw failure }
            let expired = state.records.values
                .compactMap { record in record.expiresAt.map { (key: record.key, expiresAt: $0) } }
                .filter { $0.expiresAt <= moment }
                .sorted { $0.expiresAt < $1.expiresAt }
                .prefix(max(limit, 0))
            for record in expired { state.records[record.key] = nil }
            let groups = state.marks.prefix(max(limit, 0) - expired.count)
                .prefix { $0.allSatisfy { $0.expires <= moment } }.count
            state.marks.removeFirst(groups)
            return expired.count + groups
        }
    }

    package func ledgerEntries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        try state.withLock { (state) throws(StoreError) in try Self.entries(state, range) }
    }

    package func ledgerEntries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry] {
        try query.check()
        let entries = state.withLock { $0.entries }
        return Array(entries.reversed().lazy.filter { query.matches($0) }.prefix(query.limit))
    }

    package func subtreeHashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        try state.withLock { (state) throws(StoreError) in
            if level == 0 { return try Self.entries(state, range).map(\.leafHash) }
            guard (1...StoreLimits.subtreeLevel).contains(level) else { return [] }
            return Self.slice(state.subtrees[level - 1], range)
        }
    }

    package func ledgerStart() throws(StoreError) -> UInt64 {
        state.withLock { $0.start }
    }

    package func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int {
        try state.withLock { (state) throws(StoreError) in
            if let failure = state.failure { throw failure }
            guard end < max(state.head.ledgerSize, 1) else { throw .invalid }
            let count = end > state.start ? min(Int(end - state.start), max(limit, 0)) : 0
            state.entries.removeFirst(count)
            state.start += UInt64(count)
            return count
        }
    }

    private static func entries(_ state: State, _ range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        guard !range.isEmpty else { return [] }
        guard range.lowerBound >= state.start else { throw .corrupt(code: 0) }
        return slice(state.entries, range.lowerBound - state.start..<range.upperBound - state.start)
    }

    private static func slice<Element>(_ elements: [Element], _ range: Range<UInt64>) -> [Element] {
        let present = range.clamped(to: 0..<UInt64(elements.count))
        return Array(elements[Int(present.lowerBound)..<Int(present.upperBound)])
    }
}
