import Dispatch
import MayflyLedger
import MayflyModel
import Synchronization

/// What the writer does where other brokers commit to the store too: it takes its turn, and takes in what they did.
extension Writer {
    /// Tells the operator once that only a restart helps.
    func sayIfFenced() {
        if store.mustBeReopened, health.takesReopenNotice() { log.note(.storeMustBeReopened) }
    }

    /// The position to append at, in a shared store once it is this broker's turn.
    func nextPosition() throws(BrokerError) -> (StoreHead, MerkleFrontier) {
        guard let shared else { return try settledPosition() }
        return try turn(in: shared)
    }

    /// Takes the turn, and the state up to where the store stands; the position to append at.
    private func turn(in store: any SharedStore) throws(BrokerError) -> (StoreHead, MerkleFrontier) {
        while true {
            let turn: StoreTurn
            do throws(StoreError) {
                turn = try store.takeTurn(after: head)
            } catch {
                metrics.storeFailed(error)
                sayIfFenced()
                throw .unavailable(.storeFailed)
            }
            do throws(BrokerError) {
                guard clock.agrees(with: turn.storeTime) else {
                    log.note(.clockDiffers)
                    throw .unavailable(.clockWentBack)
                }
                try takeIn(turn.commits)
            } catch {
                store.endTurn()
                throw error
            }
            if turn.isComplete { return position.withLock { ($0.head, $0.frontier) } }
            store.endTurn()
        }
    }

    /// Takes in what others have committed, on the writer's queue; answers how many commits are then in memory.
    func catchUp() throws(BrokerError) -> UInt64 {
        guard let shared else { return head.commits }
        let result = queue.sync { () -> Result<UInt64, BrokerError> in
            do throws(BrokerError) {
                while true {
                    let commits: [CommittedBatch]
                    do throws(StoreError) {
                        commits = try shared.commits(after: head)
                    } catch {
                        metrics.storeFailed(error)
                        sayIfFenced()
                        throw .unavailable(.storeFailed)
                    }
                    if commits.isEmpty { return .success(head.commits) }
                    try takeIn(commits)
                }
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Makes what others have committed part of the state, in one step for its readers.
    private func takeIn(_ commits: [CommittedBatch]) throws(BrokerError) {
        guard let last = commits.last else { return }
        var draft = state.copy()
        var shared = SharedValues()
        var keysMoved = false
        var noticesMoved = false
        do {
            for commit in commits {
                // Removals first: what is removed may make room for what is put.
                for key in commit.deletes { draft.apply(try Change(removing: key)) }
                for record in commit.puts {
                    keysMoved = keysMoved || record.key.kind == .signingKey
                    noticesMoved = noticesMoved || record.key.kind == .notice
                    draft.apply(try LoadedRecord(record, sharing: &shared).change)
                }
                for mark in commit.marks { draft.apply(.used(mark)) }
            }
            draft.revision = last.head.revision
            let frontier = try MerkleFrontier(size: last.head.ledgerSize, hashes: last.head.frontier)
            let drafted = draft.drafted
            draft = Tables()
            state.endDraft()
            state.absorb(drafted)
            // Before others hear that it is in memory.
            if keysMoved { self.keysMoved.withLock { $0 }?() }
            let time = commits.compactMap(\.time).max()
            position.withLock {
                var revision = $0.head.revision
                for commit in commits where commit.head.revision != revision {
                    revision = commit.head.revision
                    $0.lastMove = commit.head.commits
                }
                ($0.head, $0.frontier) = (last.head, frontier)
                if let time { $0.writtenTime = max($0.writtenTime, time) }
            }
            if let time { clock.follow(time) }
            metrics.tookIn(commits.count)
        } catch {
            draft = Tables()
            state.endDraft()
            log.note(.cannotFollow)
            throw .unavailable(.storeFailed)
        }
        if noticesMoved { observers.withLock { $0 }.forEach { $0.tookIn() } }
    }

    /// Has whatever concerns others wait for them from now on.
    func join(_ link: ClusterLink?) {
        self.link.withLock { $0 = link }
    }

    /// Calls `body` once every broker of the store has what this one has now.
    func whenEverywhere(_ body: @escaping @Sendable () -> Void) {
        guard let link = link.withLock({ $0 }) else { return body() }
        link.whenEverywhere(position.withLock { $0.lastMove }, body)
    }
}
