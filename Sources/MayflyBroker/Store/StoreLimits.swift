/// Bounds that every store holds its callers to, so that what one store takes no other refuses.
package enum StoreLimits {
    package static let keyBytes = 512
    package static let valueBytes = 1 << 20
    /// The most that the 16-bit length before each entry of a C2SP `tlog-tiles` entry bundle can say.
    package static let entryBytes = 65_535
    /// UTF-8 bytes of one of `LedgerTerms`, none of them NUL, which not every database keeps in a text.
    package static let termBytes = 1024
    /// One for each bit of the ledger's size.
    package static let frontierHashes = 64
    /// The highest level of stored subtrees: 256⁸ leaves would not fit 64 bits.
    package static let subtreeLevel = 7
    /// The greatest revision, ledger size or index: databases have signed integers.
    package static let counter = UInt64(Int64.max)

    fileprivate static func permit(term: String?) -> Bool {
        guard let term else { return true }
        let hasNul = term.utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? term.utf8.contains(0)
        return !hasNul && term.utf8.count <= termBytes
    }
}

extension Batch {
    /// Checks that this batch keeps the limits and continues `stored`, the head it is to follow.
    ///
    /// Throws `.conflict` when the indexes or the revision do not continue `stored`, else `.invalid`.
    package func check(following stored: StoreHead) throws(StoreError) {
        try checkLimits()
        let (size, overflow) = stored.ledgerSize.addingReportingOverflow(UInt64(entries.count))
        guard !overflow, size == head.ledgerSize, head.revision >= stored.revision else { throw .conflict }
        for (expected, entry) in zip(stored.ledgerSize..<size, entries) where entry.index != expected {
            throw .conflict
        }
        try checkSubtrees(from: stored.ledgerSize)
    }

    private func checkLimits() throws(StoreError) {
        let recordsFit = puts.allSatisfy {
            $0.key.key.count <= StoreLimits.keyBytes && $0.value.count <= StoreLimits.valueBytes
        }
        let deletesFit = deletes.allSatisfy { $0.key.count <= StoreLimits.keyBytes }
        // By their places, since an entry is large.
        let entriesFit = entries.indices.allSatisfy {
            entries[$0].bytes.count <= StoreLimits.entryBytes && entries[$0].terms.areWithinLimits
        }
        guard recordsFit, deletesFit, entriesFit else { throw .invalid }
        guard head.revision <= StoreLimits.counter, head.ledgerSize <= StoreLimits.counter else { throw .invalid }
        guard head.frontier.count <= StoreLimits.frontierHashes else { throw .invalid }
    }

    /// The subtrees are exactly those that the entries completed, each once: a missing one would be a hole for ever.
    private func checkSubtrees(from size: UInt64) throws(StoreError) {
        if subtrees.isEmpty && size >> 8 == head.ledgerSize >> 8 { return }
        var counted = 0
        for level in 1...StoreLimits.subtreeLevel {
            let completed = (size >> (8 * level))..<(head.ledgerSize >> (8 * level))
            let given = subtrees.filter { $0.level == level }.map(\.index)
            guard given.count == completed.count, Set(given).count == given.count else { throw .invalid }
            guard given.allSatisfy(completed.contains) else { throw .invalid }
            counted += given.count
        }
        guard counted == subtrees.count else { throw .invalid }
    }
}

extension LedgerTerms {
    fileprivate var areWithinLimits: Bool {
        // Spelled out: an array of them would be allocated for every entry.
        StoreLimits.permit(term: event) && StoreLimits.permit(term: outcome) && StoreLimits.permit(term: agent)
            && StoreLimits.permit(term: owner) && StoreLimits.permit(term: resource)
            && StoreLimits.permit(term: task) && StoreLimits.permit(term: trace) && StoreLimits.permit(term: token)
    }
}

extension LedgerQuery {
    /// Checks the limit and the terms; throws `.invalid`.
    package func check() throws(StoreError) {
        guard (1...Self.maximumLimit).contains(limit) else { throw .invalid }
        let terms = [event, outcome, agent, owner, resource, task, trace, token]
        guard terms.allSatisfy(StoreLimits.permit(term:)) else { throw .invalid }
    }
}
