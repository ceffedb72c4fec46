package import MayflyBroker
package import MayflyCrypto
package import MayflyModel
internal import Synchronization

/// A store that keeps nothing past the process, for tests: the same contract as a real one, without the disk.
package final class MemoryStore: Store {
    private struct State {
        var records: [RecordKey: StoredRecord] = [:]
        var head = StoreHead()
        var entries: [LedgerEntry] = []
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

    package func head() throws(StoreError) -> StoreHead {
        state.withLock { $0.head }
    }

    package func commit(_ batch: Batch) throws(StoreError) {
        try state.withLock { (state) throws(StoreError) in
            if let failure = state.failure { throw failure }
            try batch.check(following: state.head)
            for record in batch.puts { state.records[record.key] = record }
            for key in batch.deletes { state.records[key] = nil }
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
            return expired.count
        }
    }

    package func ledgerEntries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        state.withLock { Self.slice($0.entries, range) }
    }

    package func ledgerEntries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry] {
        try query.check()
        let entries = state.withLock { $0.entries }
        return Array(entries.reversed().lazy.filter { Self.matches($0, query) }.prefix(query.limit))
    }

    package func subtreeHashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        state.withLock { state in
            if level == 0 { return Self.slice(state.entries, range).map(\.leafHash) }
            guard (1...StoreLimits.subtreeLevel).contains(level) else { return [] }
            return Self.slice(state.subtrees[level - 1], range)
        }
    }

    private static func slice<Element>(_ elements: [Element], _ range: Range<UInt64>) -> [Element] {
        let present = range.clamped(to: 0..<UInt64(elements.count))
        return Array(elements[Int(present.lowerBound)..<Int(present.upperBound)])
    }

    private static func matches(_ entry: LedgerEntry, _ query: LedgerQuery) -> Bool {
        if let since = query.since, entry.time < since { return false }
        if let until = query.until, entry.time >= until { return false }
        if let before = query.before, entry.index >= before { return false }
        let terms = entry.terms
        let pairs = [
            (query.event, terms.event), (query.outcome, terms.outcome), (query.agent, terms.agent),
            (query.owner, terms.owner), (query.resource, terms.resource), (query.task, terms.task),
            (query.trace, terms.trace), (query.token, terms.token),
        ]
        return pairs.allSatisfy { wanted, found in
            guard let wanted else { return true }
            // Not ==, which holds for canonically equivalent texts of different bytes.
            return found.map { $0.utf8.elementsEqual(wanted.utf8) } ?? false
        }
    }
}
