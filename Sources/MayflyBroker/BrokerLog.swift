package import MayflyCrypto

/// What the broker tells its operator beside the ledger; never an id, a token or a secret.
package protocol BrokerLog: Sendable {
    func note(_ notice: BrokerNotice)
}

package enum BrokerNotice: Equatable, Sendable {
    /// A commit failed; every command in it was answered as unavailable.
    case commitFailed(StoreError)
    /// Only a restart can tell what the store kept; until then nothing is written. Said once.
    case storeMustBeReopened
    /// Commands were refused before they were tried.
    case commandsRefused(BrokerError, count: Int)
    /// What others have committed cannot be read; this node answers nothing more once its lease is over.
    case cannotFollow
    /// A signing key that others use is not in this node's key directory; it signs with what it has.
    case signingKeyMissing
    /// A key in a token signs no more; tokens that need it are refused. Said once, until it goes again.
    case signingFailed(CryptoError)
    case signingResumed
    /// This node and the store differ by more than `BrokerClock.tolerance` about the time; it writes nothing.
    case clockDiffers
    /// The wall clock is behind by more than `BrokerClock.tolerance`; agents get nothing. Said once.
    case clockWentBack
    case clockCaughtUp
    case clusterOutOfTouch
    case clusterInTouch
    /// Expired records could not be removed; they mean nothing, and are tried again.
    case cleanUpFailed(StoreError)
    /// Archived entries stay in the store, because their segment is not what it must be.
    case trimRefused(SegmentError)
}
