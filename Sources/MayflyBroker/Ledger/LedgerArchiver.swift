import Dispatch
import MayflyCrypto
package import MayflyModel
import Synchronization

/// Moves the oldest entries of the ledger into segment files.
///
/// The order survives a stop at any point: the segment is durable before the record of it is committed, together with
/// the ledger entry that says so, and rows leave the store only after that (`LedgerTrim`). A segment without a record
/// is overwritten or removed by the next archiving.
package final class LedgerArchiver: Sendable {
    /// How many of the newest entries stay in the store, whatever is asked: the last one tells the time at a start.
    package static let leastKept: UInt64 = 256

    /// Which entries may go.
    package enum Cut: Sendable, Equatable {
        /// All but so many of the newest.
        case keep(UInt64)
        /// Those of an earlier time.
        case before(Timestamp)
    }

    /// What one run came to.
    package struct Outcome: Sendable {
        /// Nil when no full tile may go.
        package let archive: LedgerArchive?
        /// Whether another run would archive more.
        package let isMore: Bool
    }

    private let store: any Store
    private let segments: any SegmentVault
    private let state: BrokerState
    private let writer: Writer
    private let clock: BrokerClock
    private let origin: String
    private let queue = DispatchQueue(label: "mayfly.archiver", qos: .utility)
    private let isBusy = Atomic(false)
    /// Set when the record of a segment may be in the store without our knowing: no file may be touched then.
    private let isUncertain = Atomic(false)

    init(
        store: any Store, segments: any SegmentVault, state: BrokerState, writer: Writer, clock: BrokerClock,
        origin: String
    ) {
        self.store = store
        self.segments = segments
        self.state = state
        self.writer = writer
        self.clock = clock
        self.origin = origin
    }

    /// Archives up to one segment, on a thread of its own; `completion` is called once.
    package func run(
        _ cut: Cut, by actor: String, _ completion: @escaping @Sendable (Result<Outcome, BrokerError>) -> Void
    ) {
        guard !isUncertain.load(ordering: .acquiring) else {
            return completion(
                .failure(.conflict("an earlier archiving may or may not be in the store; restart the broker first")))
        }
        guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged else {
            return completion(.failure(.conflict("entries are being archived already; ask again when that is done")))
        }
        queue.async {
            do throws(BrokerError) {
                guard let (archive, isMore) = try self.write(cut, actor) else {
                    return self.end(.success(Outcome(archive: nil, isMore: false)), completion)
                }
                self.writer.submit(ArchiveCommand(archive: archive)) { result in
                    if case .failure(.unavailable(let reason)) = result, reason != .storeFull {
                        self.isUncertain.store(true, ordering: .releasing)
                    }
                    self.end(result.map { Outcome(archive: archive, isMore: isMore) }, completion)
                }
            } catch {
                self.end(.failure(error), completion)
            }
        }
    }

    private func end(
        _ result: Result<Outcome, BrokerError>, _ completion: @Sendable (Result<Outcome, BrokerError>) -> Void
    ) {
        isBusy.store(false, ordering: .releasing)
        completion(result)
    }

    /// Makes the next segment durable; nil when no full tile may go.
    private func write(_ cut: Cut, _ actor: String) throws(BrokerError) -> (LedgerArchive, isMore: Bool)? {
        let start = state.read { LedgerArchives($0.archives.all).end }
        let size = writer.head.ledgerSize
        var kept = Self.leastKept
        if case .keep(let count) = cut { kept = max(kept, count) }
        let limit = size > kept ? (size - kept) / 256 * 256 : 0
        guard start < limit else { return nil }
        var source = TileSource(store: store, next: start, limit: limit)
        if case .before(let moment) = cut { source.before = moment }
        let seal: SegmentSeal?
        do throws(SegmentError) {
            try segments.removeOrphans(from: start)
            seal = try segments.write(origin: origin, first: start) { () throws(SegmentError) in try source.tile() }
        } catch {
            throw error == .source ? .unavailable(.storeFailed) : .conflict("\(error)")
        }
        guard let seal, let since = source.since, let until = source.until else { return nil }
        let archive = LedgerArchive(seal: seal, since: since, until: until, createdAt: clock.now(), actor: actor)
        return (archive, !source.isStopped && source.next < limit)
    }

    /// Tiles from the store, one after another.
    private struct TileSource {
        let store: any Store
        var next: UInt64
        let limit: UInt64
        var before: Timestamp?
        private(set) var since: Timestamp?
        private(set) var until: Timestamp?
        /// Whether an entry was too young.
        private(set) var isStopped = false

        init(store: any Store, next: UInt64, limit: UInt64) {
            (self.store, self.next, self.limit) = (store, next, limit)
        }

        mutating func tile() throws(SegmentError) -> SegmentTile? {
            guard next < limit, !isStopped else { return nil }
            let entries: [LedgerEntry]
            let roots: [SHA256Digest]
            do {
                entries = try store.ledgerEntries(in: next..<next + 256)
                roots = try store.subtreeHashes(level: 1, in: next / 256..<next / 256 + 1)
            } catch {
                throw .source
            }
            guard let root = roots.first, entries.count == 256 else { throw .source }
            if let before, entries.contains(where: { $0.time >= before }) {
                isStopped = true
                return nil
            }
            for time in entries.map(\.time) {
                since = min(since ?? time, time)
                until = max(until ?? time, time)
            }
            next += 256
            return SegmentTile(entries: entries.map(\.bytes), root: root)
        }
    }
}

/// Writes down that a part of the ledger is in a segment.
struct ArchiveCommand: Command {
    let archive: LedgerArchive

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        guard LedgerArchives(state.archives.all).end == archive.id else {
            throw .conflict("these entries were archived meanwhile")
        }
        var event = LedgerEvent(.ledgerArchived, .ok, actor: archive.actor)
        event.target = "ledger:\(archive.range.lowerBound)-\(archive.range.upperBound - 1)"
        event.digest = archive.seal.digest
        event.root = archive.seal.root
        return Decided((), changes: [.archive(archive)], events: [event])
    }
}
