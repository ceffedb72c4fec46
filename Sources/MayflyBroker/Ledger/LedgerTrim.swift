import Synchronization

/// Takes entries out of the store that are in a segment, a bounded number at a time.
///
/// Nothing is taken out before the segment has been read and found whole, also after a restart.
final class LedgerTrim: Sendable {
    /// Rows that one transaction removes, which a commit may have to wait for.
    static let step = 100

    private struct Progress {
        /// Below it nothing is left to do, or can be done.
        var settled: UInt64 = 0
        /// Below it the segments were found whole.
        var verified: UInt64 = 0
    }

    private let store: any Store
    private let segments: any SegmentVault
    private let state: BrokerState
    private let log: any BrokerLog
    private let progress = Mutex(Progress())

    init(store: any Store, segments: any SegmentVault, state: BrokerState, log: any BrokerLog) {
        self.store = store
        self.segments = segments
        self.state = state
        self.log = log
    }

    /// Takes one step; answers whether there is more to do.
    func takeStep() throws(StoreError) -> Bool {
        let (settled, verified) = progress.withLock { ($0.settled, $0.verified) }
        let archives = state.read { LedgerArchives($0.archives.all) }
        guard settled < archives.end else { return false }
        let start = try store.ledgerStart()
        guard start < archives.end else {
            progress.withLock { $0.settled = archives.end }
            return false
        }
        if verified < archives.end {
            do throws(SegmentError) {
                for archive in archives.all where archive.range.upperBound > max(start, verified) {
                    try segments.verify(archive.seal)
                }
            } catch {
                // Told once; tried again after the next archiving or start.
                progress.withLock { $0.settled = archives.end }
                log.note(.trimRefused(error))
                return false
            }
            progress.withLock { $0.verified = archives.end }
        }
        // A store that keeps neighbours together may not be able to part the last of them.
        let removed = try store.trimLedger(below: archives.end, limit: Self.step)
        if removed == 0 { progress.withLock { $0.settled = archives.end } }
        return removed > 0
    }
}
