import MayflyCrypto
import MayflyModel

/// An approval that a token is about to be made of; it is looked at again, and used up, in the commit of the token.
struct ApprovalUse: Sendable {
    let id: ApprovalID
    /// What the token grants; the approval must be of exactly that.
    let digest: SHA256Digest
    let governance: any Governance

    /// The request as the use leaves it; nil when it cannot be used any more.
    func redeem(in state: Tables, at now: Timestamp) -> ApprovalRequest? {
        guard var request = state.approvals[id], request.digest == digest,
            state.isRedeemable(request, bundle: governance.bundle(in: state), at: now)
        else { return nil }
        request.state = .used
        return request
    }

    static let spent = OAuthError(
        .invalidGrant, "the approval was used, or has ended while the token was being made; ask again")
}
