package import MayflyLedger

/// Reads a whole ledger and checks it against what the store says of itself.
package enum LedgerAudit {
    /// Entries that are read at a time.
    private static let step: UInt64 = 1000

    /// Throws `.entryAltered` for the first entry whose bytes do not hash to its leaf, `.rootMismatch` when the leaves
    /// do not give the stored root, and `.entriesMissing` for a gap.
    package static func run(_ store: any Store) throws(LedgerError) {
        let head = try read { () throws(StoreError) in try store.head() }
        var frontier = MerkleFrontier()
        while frontier.size < head.ledgerSize {
            let range = frontier.size..<min(frontier.size + step, head.ledgerSize)
            let entries = try read { () throws(StoreError) in try store.ledgerEntries(in: range) }
            guard !entries.isEmpty else { throw .entriesMissing(signed: head.ledgerSize, found: frontier.size) }
            for entry in entries {
                guard entry.index == frontier.size, LedgerHash.leaf(entry.bytes) == entry.leafHash else {
                    throw .entryAltered(index: frontier.size)
                }
                _ = frontier.append(entry.leafHash)
            }
        }
        guard frontier.hashes == head.frontier else { throw .rootMismatch(size: head.ledgerSize) }
    }

    private static func read<Value>(_ body: () throws(StoreError) -> Value) throws(LedgerError) -> Value {
        do {
            return try body()
        } catch {
            throw .source("the store could not be read")
        }
    }
}
