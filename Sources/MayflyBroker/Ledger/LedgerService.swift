package import MayflyCrypto
package import MayflyLedger
import MayflyModel

/// Reads the ledger, signs checkpoints of it, and proves what is in it, whether entries are archived or not.
package struct LedgerService: Sendable {
    private let store: any Store
    private let segments: any SegmentVault
    private let state: BrokerState
    private let writer: Writer
    private let signer: any NoteSigner
    private let clock: BrokerClock
    private let metrics: BrokerMetrics

    init(
        store: any Store, segments: any SegmentVault, state: BrokerState, writer: Writer, signer: any NoteSigner,
        clock: BrokerClock, metrics: BrokerMetrics
    ) {
        self.store = store
        self.segments = segments
        self.state = state
        self.writer = writer
        self.signer = signer
        self.clock = clock
        self.metrics = metrics
    }

    /// The key with which checkpoints are verified.
    package var verifierKey: NoteVerifierKey { signer.key }

    /// The archived parts, and whether the file of each is where it is expected.
    package func archives() -> [(archive: LedgerArchive, isPresent: Bool)] {
        archived.all.map { ($0, segments.holds($0.seal)) }
    }

    /// Where segment files are expected.
    package var archiveLocation: String { segments.location }

    /// A page of what matches; throws `.conflict` when it begins with entries whose segment cannot be read.
    package func page(matching query: LedgerQuery) throws(BrokerError) -> LedgerPage {
        try reading { (rows) throws(BrokerError) in
            do throws(LedgerReadError) {
                return try LedgerSearch(rows: rows, query: query).page()
            } catch {
                throw error.brokerError
            }
        }
    }

    /// The newest entry that matches.
    ///
    /// All live entries are looked at and some archived ones, then those archived ones that are not older than `since`.
    func newest(matching query: LedgerQuery, archivedSince since: Timestamp) throws(BrokerError) -> LedgerEntry? {
        var query = query
        query.limit = 1
        while true {
            let page = try page(matching: query)
            if let entry = page.entries.first { return entry }
            guard let next = page.next else { return nil }
            query.before = next
            query.since = max(query.since ?? since, since)
        }
    }

    package func entries(in range: Range<UInt64>) throws(BrokerError) -> [LedgerEntry] {
        try reading { (rows) throws(BrokerError) in
            do throws(LedgerReadError) {
                return try rows.entries(in: range)
            } catch {
                throw error.brokerError
            }
        }
    }

    /// A signed checkpoint of everything that is durable now.
    package func checkpoint() throws(BrokerError) -> SignedNote {
        let head = writer.head
        do {
            let frontier = try MerkleFrontier(size: head.ledgerSize, hashes: head.frontier)
            return try Checkpoint(origin: signer.key.name, size: frontier.size, root: frontier.root)
                .signed(by: signer)
        } catch {
            throw .unavailable(.storeFailed)
        }
    }

    /// The proof that entry `index` is in the tree of the first `size` entries.
    package func inclusionProof(of index: UInt64, size: UInt64) throws(BrokerError) -> [SHA256Digest] {
        let current = writer.head.ledgerSize
        guard index < size, size <= current else { throw .notFound }
        return try proof(current) { (tree) throws(LedgerError) in try tree.inclusionProof(of: index, size: size) }
    }

    /// The proof that the tree of `to` entries extends the tree of `from` entries.
    package func consistencyProof(from: UInt64, to: UInt64) throws(BrokerError) -> [SHA256Digest] {
        let current = writer.head.ledgerSize
        guard from > 0, from <= to, to <= current else { throw .notFound }
        return try proof(current) { (tree) throws(LedgerError) in try tree.consistencyProof(from: from, to: to) }
    }

    private func proof(
        _ size: UInt64, _ body: (MerkleTree<LedgerRows>) throws(LedgerError) -> [SHA256Digest]
    ) throws(BrokerError) -> [SHA256Digest] {
        try reading { (rows) throws(BrokerError) in
            do throws(LedgerError) {
                return try body(MerkleTree(source: rows, size: size))
            } catch {
                if case .segment(let text) = error { throw .conflict(text) }
                throw .unavailable(.storeFailed)
            }
        }
    }

    private var archived: LedgerArchives { state.read { LedgerArchives($0.archives.all) } }

    /// Runs `body` again when entries were archived under it: rows that it looked for may have gone from the store.
    private func reading<Value>(
        _ body: (LedgerRows) throws(BrokerError) -> Value
    ) throws(BrokerError) -> Value {
        var archives = archived
        while true {
            let result: Result<Value, BrokerError>
            do throws(BrokerError) {
                result = .success(try body(LedgerRows(store: store, segments: segments, archives: archives)))
            } catch {
                result = .failure(error)
            }
            let now = archived
            if now.end == archives.end { return try result.get() }
            archives = now
        }
    }
}
