import MayflyCrypto
import MayflyModel
import MayflyPolicy

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
    private let behaviour: BehaviourBook
    private let permit: ServingPermit
    private let known = KnownTokens()

    package init(
        live: LiveSettings, state: BrokerState, clock: BrokerClock, keyring: Keyring, metrics: BrokerMetrics,
        behaviour: BehaviourBook, permit: ServingPermit = ServingPermit(isShared: false)
    ) {
        self.live = live
        self.state = state
        self.clock = clock
        self.keyring = keyring
        self.metrics = metrics
        self.behaviour = behaviour
        self.permit = permit
    }

    /// A token that is signed by us, of this kind, alive, and within its hours of use; nil for anything else.
    package func verify(_ compact: [UInt8], as kind: TokenKind, asleepToo: Bool = false) -> KnownToken? {
        verify(compact[...], as: kind, asleepToo: asleepToo)
    }

    /// `atAnyHour` is for who says why a token is refused.
    ///
    /// `asleepToo` is for who ends one: neither its hours nor a policy that would not mint it now may hide it, because
    /// both can wake it again.
    package func verify(
        _ compact: ArraySlice<UInt8>, as kind: TokenKind, atAnyHour: Bool = false, asleepToo: Bool = false
    ) -> KnownToken? {
        let now = clock.now()
        guard let token = signed(compact, at: now) else { return nil }
        return verify(token, as: kind, at: now, atAnyHour: atAnyHour, asleepToo: asleepToo)
    }

    /// A token that is signed by us, for who will be shown the same bytes again; says nothing of whether it is alive.
    package func signed(_ compact: ArraySlice<UInt8>) -> SignedToken? {
        signed(compact, at: clock.now()).map(SignedToken.init)
    }

    /// The answer for the bytes that `signed` was found in.
    package func verify(_ signed: SignedToken, as kind: TokenKind) -> KnownToken? {
        verify(signed.token, as: kind, at: clock.now(), atAnyHour: false, asleepToo: false)
    }

    /// The same where those bytes came once more: one more token that is known.
    package func verifyAgain(_ signed: SignedToken, as kind: TokenKind) -> KnownToken? {
        metrics.knownTokens.add(.hit)
        return verify(signed, as: kind)
    }

    /// The one way from good bytes to a token that means something.
    private func verify(
        _ token: KnownToken, as kind: TokenKind, at now: Timestamp, atAnyHour: Bool, asleepToo: Bool
    ) -> KnownToken? {
        // Whoever asks has been told already that this node cannot say; should that be forgotten, nothing is alive.
        guard permit.isValid, token.kind == kind, isAlive(token, at: now, asleepToo: asleepToo) else { return nil }
        // Asked every time, and no part of what the token's mark remembers.
        if !atAnyHour, !asleepToo, let hours = token.hours, !hours.contains(now) { return nil }
        return token
    }

    /// Whether a token begins as only tokens of ours do; nothing else of it is looked at.
    package func isOwn(_ compact: [UInt8]) -> Bool {
        keyring.known(compact.prefix { $0 != UInt8(ascii: ".") }, at: clock.now()) != nil
    }

    /// Keeps a token that this broker has just minted, so that its first verification costs a hash.
    package func remember(_ token: IssuedToken) {
        known.insert(
            KnownToken(kind: token.kind, keyID: token.keyID, claims: token.claims, issuer: settings.issuer),
            for: SHA256.digest(of: Array(token.compact.utf8)))
    }

    private func signed(_ compact: ArraySlice<UInt8>, at now: Timestamp) -> KnownToken? {
        guard compact.count <= JWS.maximumLength else { return nil }
        let digest = SHA256.digest(of: compact)
        if let found = known[digest] {
            metrics.knownTokens.add(.hit)
            return found
        }
        metrics.knownTokens.add(.miss)
        guard let fresh = open(compact, at: now) else { return nil }
        known.insert(fresh, for: digest)
        return fresh
    }

    /// Checks form, key and signature, which never change for the same bytes.
    private func open(_ compact: ArraySlice<UInt8>, at now: Timestamp) -> KnownToken? {
        guard let parts = SignedParts(compact), let header = keyring.known(parts.header, at: now),
            parts.isSigned(by: header.key.key, with: header.key.algorithm),
            let object = parts.claims(), let claims = try? TokenClaims(object)
        else { return nil }
        guard claims.issuer.utf8.elementsEqual(settings.issuer.utf8) else { return nil }
        return KnownToken(kind: header.kind, keyID: header.key.id, claims: claims, issuer: settings.issuer)
    }

    /// Checks everything that can change between two questions.
    private func isAlive(_ token: KnownToken, at now: Timestamp, asleepToo: Bool) -> Bool {
        guard now.seconds < token.expiresAt else { return false }
        // Read before anything that it stands for: a change in between makes the mark too old, never too new.
        let version = state.version
        if token.standing.holds(at: version, now) { return true }
        guard token.claims.issuedAt <= now.seconds + settings.clockSkew else { return false }
        guard let key = keyring.published(token.keyID, at: now) else { return false }
        guard let end = end(of: token, at: now, asleepToo: asleepToo) else { return false }
        // What is found without policy says nothing to who must ask it.
        if asleepToo { return true }
        token.standing.note(version: version, until: min(end, key.retiresAt ?? end))
        return true
    }

    /// Until when the token can stay alive without a change of the state; nil when it is dead.
    private func end(of token: KnownToken, at now: Timestamp, asleepToo: Bool) -> Timestamp? {
        let asksPolicy = !asleepToo && token.kind != .ticket
        let (end, question) = state.read { tables in
            let question = asksPolicy ? tables.behaviourQuestion(token.claims) : nil
            let end = question == nil ? Self.standing(of: token, in: tables, at: now, asksPolicy: asksPolicy, nil) : nil
            return (end, question)
        }
        guard let question else { return end }
        // One lock at a time: few bundles want to know what is usual, and those are asked once it is found out.
        let usual = behaviour.facts(of: question.request, by: question.agent, at: now)
        return state.read { Self.standing(of: token, in: $0, at: now, asksPolicy: asksPolicy, usual) }
    }

    /// The same of one state, with what is usual for the agent where policy asks for it.
    private static func standing(
        of token: KnownToken, in tables: borrowing Tables, at now: Timestamp, asksPolicy: Bool,
        _ behaviour: BehaviourFacts?
    ) -> Timestamp? {
        let claims = token.claims
        guard tables.revocations[.token(claims.tokenID)] == nil,
            !tables.isCompromised(claims, token.kind, signedWith: token.keyID)
        else { return nil }
        guard !claims.chain.isEmpty else {
            return isAliveWithoutChain(claims, in: tables) ? Timestamp(milliseconds: Int64.max) : nil
        }
        guard let resource = token.resource.flatMap({ tables.resource(identifiedBy: $0) }),
            tables.isAlive(claims.chain, onBehalfOf: claims.actedFor, for: resource, at: now),
            !tables.isRevoked(task: claims.task, trace: claims.trace),
            !asksPolicy || tables.stillAllows(claims, for: resource, at: now, behaviour: behaviour)
        else { return nil }
        return tables.end(of: claims.chain)
    }

    /// Tokens of administrators, owners and resources die with the kill switch and with their holder.
    private static func isAliveWithoutChain(_ claims: TokenClaims, in tables: borrowing Tables) -> Bool {
        guard claims.epoch >= tables.epoch, claims.epoch <= tables.newestEpoch else { return false }
        if let admin = AdminID(claims.subject) { return tables.admins[admin] != nil }
        if let owner = OwnerID(claims.subject).flatMap({ tables.owners[$0] }) {
            return owner.state == .active && claims.epoch >= owner.signInEpoch
        }
        guard let name = ResourceName(claims.subject), let resource = tables.resources[name] else { return false }
        return claims.epoch >= resource.epoch
    }
}
