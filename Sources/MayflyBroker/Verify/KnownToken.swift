import MayflyCrypto
package import MayflyModel
import Synchronization

/// A token whose form and signature are known to be good, with what follows from its bytes alone.
///
/// Whether it still means anything is asked of `TokenVerifier`; what it finds is noted here with the state's version,
/// so that the next question costs no look into the state while nothing has changed.
package final class KnownToken: Sendable {
    package let kind: TokenKind
    package let claims: TokenClaims
    /// The claim, where asking for it copies no other: whole seconds since 1970.
    let expiresAt: Int64
    /// The claim, for the same reason: when in the week the token is active.
    let hours: HoursOfUse?
    /// The claim, for the same reason: the key that the token is bound to.
    let confirmation: Confirmation?
    /// The signing key's thumbprint.
    let keyID: String
    /// What the rights are for; nil in tokens of administrators and resources.
    package let resource: ResourceURL?
    /// Whether the token is for the broker's own endpoints.
    package let isForBroker: Bool
    /// Whether its holder may ask about tokens.
    package let mayIntrospect: Bool
    /// Who asks with it: a resource or an administrator; nil for tokens of agents.
    package let asker: VerificationService.Asker?

    let standing = StandingMark()
    /// Retained once; the library's own lazy reference is called as generic code and takes hundreds of instructions.
    private let written = Atomic<Unmanaged<Holder>?>(nil)

    init(kind: TokenKind, keyID: String, claims: TokenClaims, issuer: String) {
        self.kind = kind
        self.keyID = keyID
        self.claims = claims
        expiresAt = claims.expiresAt
        hours = claims.limits.hours
        confirmation = claims.confirmation
        isForBroker = claims.audience.utf8.elementsEqual(issuer.utf8)
        guard claims.chain.isEmpty else {
            resource = ResourceURL(claims.grantedResource ?? claims.audience)
            mayIntrospect = false
            asker = nil
            return
        }
        resource = nil
        mayIntrospect = Scope(Administration.introspectScope).map(claims.scopes.contains) ?? false
        asker = AdminID(claims.subject).map { .admin($0) } ?? ResourceName(claims.subject).map { .resource($0) }
    }

    deinit { written.load(ordering: .acquiring)?.release() }

    /// The answer that a surface gives for this token while it is alive; made once, by the first who asks.
    ///
    /// One surface only may use it: the claims never change, so neither does what is made of them.
    package func answer(_ make: (TokenClaims) -> any WrittenAnswer) -> any WrittenAnswer {
        if let holder = written.load(ordering: .acquiring) { return holder._withUnsafeGuaranteedRef { $0.answer } }
        let holder = Unmanaged.passRetained(Holder(answer: make(claims)))
        let (isFirst, earlier) = written.compareExchange(
            expected: nil, desired: holder, ordering: .acquiringAndReleasing)
        guard !isFirst, let earlier else { return holder._withUnsafeGuaranteedRef { $0.answer } }
        holder.release()
        return earlier._withUnsafeGuaranteedRef { $0.answer }
    }

    private final class Holder: Sendable {
        let answer: any WrittenAnswer

        init(answer: any WrittenAnswer) { self.answer = answer }
    }
}

/// What a surface makes of a token's claims once and then gives as often as it is asked.
package protocol WrittenAnswer: AnyObject, Sendable {}
