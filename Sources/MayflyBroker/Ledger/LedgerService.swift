package import MayflyCrypto
package import MayflyLedger
import MayflyModel

/// Reads the ledger, signs checkpoints of it, and proves what is in it.
package struct LedgerService: Sendable {
    private let store: any Store
    private let writer: Writer
    private let signer: any NoteSigner
    private let clock: BrokerClock

    init(store: any Store, writer: Writer, signer: any NoteSigner, clock: BrokerClock) {
        self.store = store
        self.writer = writer
        self.signer = signer
        self.clock = clock
    }

    /// The key with which checkpoints are verified.
    package var verifierKey: NoteVerifierKey { signer.key }

    package func entries(matching query: LedgerQuery) throws(BrokerError) -> [LedgerEntry] {
        do {
            return try store.ledgerEntries(matching: query)
        } catch {
            throw .unavailable(.storeFailed)
        }
    }

    package func entries(in range: Range<UInt64>) throws(BrokerError) -> [LedgerEntry] {
        do {
            return try store.ledgerEntries(in: range)
        } catch {
            throw .unavailable(.storeFailed)
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
        do {
            return try MerkleTree(source: StoreSubtrees(store: store), size: current)
                .inclusionProof(of: index, size: size)
        } catch {
            throw .unavailable(.storeFailed)
        }
    }

    /// The proof that the tree of `to` entries extends the tree of `from` entries.
    package func consistencyProof(from: UInt64, to: UInt64) throws(BrokerError) -> [SHA256Digest] {
        let current = writer.head.ledgerSize
        guard from > 0, from <= to, to <= current else { throw .notFound }
        do {
            return try MerkleTree(source: StoreSubtrees(store: store), size: current)
                .consistencyProof(from: from, to: to)
        } catch {
            throw .unavailable(.storeFailed)
        }
    }
}

/// The store's subtree hashes as the ledger module reads them.
struct StoreSubtrees: SubtreeSource {
    let store: any Store

    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(LedgerError) -> [SHA256Digest] {
        do {
            return try store.subtreeHashes(level: level, in: range)
        } catch {
            throw .source("the store could not be read")
        }
    }
}
