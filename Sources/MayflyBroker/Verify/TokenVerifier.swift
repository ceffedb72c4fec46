import MayflyCrypto
import MayflyModel

/// Says what a token means now: the one function behind every surface that accepts or answers for one.
///
/// Signature or known digest → time → chain epochs → agent and owner → revocations. The caller's own right to ask, and
/// the audience, come on top in `VerificationService`.
package final class TokenVerifier: Sendable {
    private let live: LiveSettings
    private var settings: BrokerSettings { live.current }
    private let state: BrokerState
    private let clock: BrokerClock
    private let keyring: Keyring
    private let metrics: BrokerMetrics
    private let known = KnownTokens()

    package init(
        live: LiveSettings, state: BrokerState, clock: BrokerClock, keyring: Keyring, metrics: BrokerMetrics
    ) {
        self.live = live
        self.state = state
        self.clock = clock
        self.keyring = keyring
        self.metrics = metrics
    }

    /// The claims of a token that is signed by us, of this kind, and alive; nil for anything else.
    package func verify(_ compact: [UInt8], as kind: TokenKind) -> TokenClaims? {
        guard compact.count <= JWS.maximumLength else { return nil }
        let digest = SHA256.digest(of: compact)
        let now = clock.now()
        let entry: KnownTokens.Entry
        if let found = known[digest] {
            metrics.knownTokens.add(.hit)
            entry = found
        } else {
            metrics.knownTokens.add(.miss)
            guard let fresh = open(compact, at: now) else { return nil }
            entry = fresh
            known.insert(fresh, for: digest)
        }
        guard entry.kind == kind, keyring.published(entry.keyID, at: now) != nil else { return nil }
        return isAlive(entry.claims, at: now) ? entry.claims : nil
    }

    /// Keeps a token that this broker has just minted, so that its first verification costs a hash.
    func remember(_ token: IssuedToken) {
        let bytes = Array(token.compact.utf8)
        guard let jws = try? JWS.parse(bytes), let keyID = jws.keyID else { return }
        known.insert(
            KnownTokens.Entry(kind: token.kind, keyID: keyID, claims: token.claims), for: SHA256.digest(of: bytes))
    }

    /// Checks form, key and signature, which never change for the same bytes.
    private func open(_ compact: [UInt8], at now: Timestamp) -> KnownTokens.Entry? {
        guard let jws = try? JWS.parse(compact), let kind = jws.type.flatMap(TokenKind.init(rawValue:)) else {
            return nil
        }
        guard kind == .accessToken || kind == .ticket else { return nil }
        guard let keyID = jws.keyID, let record = keyring.published(keyID, at: now) else { return nil }
        guard jws.algorithm == record.algorithm, jws.isSigned(by: record.key) else { return nil }
        guard let object = try? jws.claims(), let claims = try? TokenClaims(object) else { return nil }
        guard claims.issuer.utf8.elementsEqual(settings.issuer.utf8) else { return nil }
        return KnownTokens.Entry(kind: kind, keyID: keyID, claims: claims)
    }

    /// Checks everything that can change between two questions.
    private func isAlive(_ claims: TokenClaims, at now: Timestamp) -> Bool {
        guard now.seconds < claims.expiresAt, claims.issuedAt <= now.seconds + settings.clockSkew else { return false }
        return state.read { tables in
            guard tables.revocations[.token(claims.tokenID)] == nil else { return false }
            guard !claims.chain.isEmpty else { return Self.isAliveWithoutChain(claims, in: tables) }
            guard let url = ResourceURL(claims.grantedResource ?? claims.audience),
                let resource = tables.resource(identifiedBy: url)
            else { return false }
            return tables.isAlive(claims.chain, for: resource, at: now)
                && !tables.isRevoked(task: claims.task, trace: claims.trace)
        }
    }

    /// Tokens of administrators and resources die with the kill switch and with their holder.
    private static func isAliveWithoutChain(_ claims: TokenClaims, in tables: borrowing Tables) -> Bool {
        guard claims.epoch >= tables.epoch, claims.epoch <= tables.newestEpoch else { return false }
        if let admin = AdminID(claims.subject) { return tables.admins[admin] != nil }
        guard let name = ResourceName(claims.subject), let resource = tables.resources[name] else { return false }
        return claims.epoch >= resource.epoch
    }
}
