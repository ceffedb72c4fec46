package import MayflyCrypto
import MayflyModel

/// Proves a client's identity: `private_key_jwt` (RFC 7523 §2.2, §3, rfc7523bis) or a resource's secret.
///
/// Every failure is `invalid_client` with the same words, so nothing tells a wrong name from a wrong key.
package struct ClientAuthenticator: Sendable {
    package static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// A JWT-SVID as assertion (SPIFFE client authentication for OAuth 2.0).
    package static let spiffeAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
    /// Bytes of an assertion's `jti`.
    package static let maximumAssertionIDLength = 256
    package static let signingAlgorithms = SignatureAlgorithm.allCases

    let live: LiveSettings
    var settings: BrokerSettings { live.current }
    let state: BrokerState
    let clock: BrokerClock
    let refusals: RefusedClients
    let trust: TrustVerifier

    static let refusal = OAuthError(.invalidClient, "the client could not be authenticated")

    /// Checks the client's own assertion; the caller makes the returned mark durable before it answers, which makes it
    /// single-use.
    package func authenticate(assertion: [UInt8], clientID: String?) throws(OAuthError) -> AuthenticatedClient {
        guard let token = try? UnverifiedToken(assertion) else {
            refusals.note(claimed: nil)
            throw Self.refusal
        }
        return try own(token, clientID: clientID)
    }

    /// Checks an own assertion, and notes a failure under the name that it claims.
    private func own(_ token: UnverifiedToken, clientID: String?) throws(OAuthError) -> AuthenticatedClient {
        do throws(OAuthError) {
            return try check(token, clientID: clientID)
        } catch {
            refusals.note(claimed: token.claims["sub"]?.stringValue)
            throw error
        }
    }

    /// Checks an assertion that may be the client's own, or a provider's token that vouches for it.
    package func authenticate(
        assertion: [UInt8], form: AssertionForm, clientID: String?
    ) throws(OAuthError) -> Vouched<AuthenticatedClient> {
        guard let token = try? UnverifiedToken(assertion) else {
            refusals.note(claimed: nil)
            throw Self.refusal
        }
        if form == .bearer, token.isOwnAssertion { return .found(try own(token, clientID: clientID)) }
        return try vouched(token, form: form, clientID: clientID, refusal: Self.refusal)
    }

    /// Checks a provider's token that is presented as a grant (RFC 7523 §2.1): a JWT-SVID, or one of an issuer.
    package func authenticate(grant assertion: [UInt8], clientID: String?) throws(OAuthError) -> Vouched<
        AuthenticatedClient
    > {
        guard let token = try? UnverifiedToken(assertion) else {
            refusals.note(claimed: nil)
            throw Self.grantRefusal
        }
        // Nothing but the token says which it is. An issuer comes first: its tokens have the broader meaning.
        let form: AssertionForm = trust.provider(of: token, .bearer) == nil && token.isOfWorkload ? .spiffe : .bearer
        return try vouched(token, form: form, clientID: clientID, refusal: Self.grantRefusal)
    }

    private static let grantRefusal = OAuthError(.invalidGrant, "the assertion is not one that is trusted here")

    package static let keysUnavailable = OAuthError(
        .temporarilyUnavailable, "the keys of the assertion's issuer cannot be had now; ask again later")

    private func vouched(
        _ token: UnverifiedToken, form: AssertionForm, clientID: String?, refusal: OAuthError
    ) throws(OAuthError) -> Vouched<AuthenticatedClient> {
        try vouched(clientID: clientID, refusal: refusal, by: { trust.provider(of: token, form) }) {
            (now) throws(TrustFault) in
            try trust.verify(token, form: form, at: now)
        }
    }

    /// The agent that somebody vouches for with what `verify` looks at; `claimed` is whose it says that it is, for the
    /// ledger.
    private func vouched(
        clientID: String?, refusal: OAuthError, by claimed: () -> ProviderID?,
        verify: (Timestamp) throws(TrustFault) -> Vouched<WorkloadToken>
    ) throws(OAuthError) -> Vouched<AuthenticatedClient> {
        let now = clock.now()
        // Before anything is looked up: what is withdrawn meanwhile takes a larger one.
        let seenEpoch = state.read { $0.newestEpoch }
        do throws(TrustFault) {
            return try verify(now).map { (verified) throws(TrustFault) in
                let agent = try trust.agent(for: verified, clientID: clientID, at: now)
                let mark = verified.tokenID.map {
                    assertionMark($0, from: verified.provider.text, expiresAt: verified.expiresAt)
                }
                var client = AuthenticatedClient(client: .agent(agent), mark: mark, seenEpoch: seenEpoch)
                client.composition.attested = verified.composition
                return client
            }
        } catch {
            refusals.note(error, of: claimed())
            throw error == .keysUnavailable ? Self.keysUnavailable : refusal
        }
    }

    /// By the widest skew: it may be set wider while the mark is kept.
    private func assertionMark(_ tokenID: String, from name: String, expiresAt: Int64) -> UsedMark {
        .assertion(
            client: name, tokenID: tokenID,
            expires: Timestamp(seconds: expiresAt + max(settings.clockSkew, BrokerSettings.widestClockSkew) + 1))
    }

    private func check(_ token: UnverifiedToken, clientID: String?) throws(OAuthError) -> AuthenticatedClient {
        let now = clock.now()
        let (jws, object) = (token.jws, token.claims)
        guard jws.type == nil || jws.type == "jwt" || jws.type == TokenKind.clientAssertion.rawValue else {
            throw Self.refusal
        }
        guard let claims = AssertionClaims(object), clientID.map({ same($0, claims.subject) }) ?? true else {
            throw Self.refusal
        }
        let found = state.read { tables in
            Self.registered(claims.subject, in: tables, at: now).map { ($0.0, $0.1, tables.newestEpoch) }
        }
        guard let (client, keys, seenEpoch) = found else { throw Self.refusal }
        let candidates = keys.filter { key in
            key.isValid(at: now) && (jws.keyID.map { same($0, key.keyID) || same($0, key.label) } ?? true)
        }
        guard candidates.contains(where: { jws.isSigned(by: $0.key) }) else { throw Self.refusal }
        guard same(claims.audience, settings.issuer) else { throw Self.refusal }
        let second = now.seconds
        let skew = settings.clockSkew
        guard second < claims.expiresAt + skew, claims.expiresAt - second <= settings.assertionLife + skew else {
            throw Self.refusal
        }
        guard claims.notBefore.map({ $0 <= second + skew }) ?? true else { throw Self.refusal }
        guard claims.issuedAt.map({ $0 <= second + skew }) ?? true else { throw Self.refusal }
        let mark = assertionMark(claims.tokenID, from: claims.subject, expiresAt: claims.expiresAt)
        return AuthenticatedClient(client: client, mark: mark, seenEpoch: seenEpoch)
    }

    /// Checks a resource's name and secret (RFC 6749 §2.3.1).
    package func authenticate(name: String, secret: [UInt8]) throws(OAuthError) -> AuthenticatedClient {
        // Hashed before the look-up, so that a known name takes no longer than an unknown one.
        let digest = SHA256.digest(of: secret)
        guard let resource = ResourceName(name) else {
            refusals.note(claimed: nil)
            throw Self.refusal
        }
        let expected = state.read { tables -> SHA256Digest? in
            guard let found = tables.resources[resource] else { return nil }
            return found.spec.authentication == .clientSecretBasic ? found.secretDigest : nil
        }
        guard let expected, expected == digest else {
            refusals.note(claimed: name)
            throw Self.refusal
        }
        return AuthenticatedClient(client: .resource(resource), mark: nil)
    }

    /// Checks a client by its certificate (RFC 8705 §2); `clientID` is the parameter that every such request has.
    ///
    /// A certificate of an authority must have a path that holds now, and the registered name; a self-signed one must
    /// be registered itself, and be of these days.
    package func authenticate(
        clientID: String, certificate: PresentedCertificate
    ) throws(OAuthError) -> Vouched<AuthenticatedClient> {
        let now = clock.now()
        let id = AgentID(clientID)
        // An agent that is vouched for has no certificate registered; its trust domain says which are its own.
        let isVouchedFor = state.read { tables in
            id.flatMap { tables.agents[$0] }.map { !$0.spec.trust.isEmpty } ?? false
        }
        if isVouchedFor {
            return try vouched(clientID: clientID, refusal: Self.refusal, by: { trust.provider(of: certificate) }) {
                (now) throws(TrustFault) in
                try trust.verify(certificate, at: now)
            }
        }
        guard let id, let (registered, seenEpoch) = Self.certificate(of: id, in: state, at: now),
            holds(certificate, registered, at: now)
        else {
            refusals.note(claimed: clientID)
            throw Self.refusal
        }
        return .found(
            AuthenticatedClient(client: .agent(id), mark: nil, seenEpoch: seenEpoch, certificate: certificate))
    }

    private func holds(
        _ certificate: PresentedCertificate, _ registered: AgentCertificate, at now: Timestamp
    ) -> Bool {
        guard case .certificates(let thumbprints) = registered else {
            guard let leaf = settings.clientTrust?.leaf(of: certificate, at: now) else { return false }
            return registered.isNamed(in: leaf)
        }
        guard thumbprints.contains(where: { same($0, certificate.thumbprint) }) else { return false }
        return (try? X509Certificate(der: certificate.leaf))?.isValid(at: now) ?? false
    }

    private static func certificate(
        of id: AgentID, in state: BrokerState, at now: Timestamp
    ) -> (AgentCertificate, seenEpoch: Int64)? {
        state.read { tables in
            guard let agent = tables.agents[id], tables.standing(of: agent, at: now) == .active else { return nil }
            return agent.spec.certificate.map { ($0, tables.newestEpoch) }
        }
    }

    /// The client of that name and its keys, if it may authenticate by key now.
    private static func registered(
        _ name: String, in tables: borrowing Tables, at now: Timestamp
    ) -> (Client, [RegisteredKey])? {
        if let id = AgentID(name) {
            guard let agent = tables.agents[id], tables.standing(of: agent, at: now) == .active else { return nil }
            // One method for each client: with a certificate registered, a key that it once had proves nothing.
            return agent.spec.certificate == nil ? (.agent(id), agent.keys) : nil
        }
        if let id = AdminID(name) {
            return tables.admins[id].map { (.admin(id), $0.keys) }
        }
        if let id = OwnerID(name) {
            guard let owner = tables.owners[id], owner.state == .active else { return nil }
            return (.owner(id), owner.keys)
        }
        guard let id = ResourceName(name), let resource = tables.resources[id] else { return nil }
        return resource.spec.authentication == .privateKeyJWT ? (.resource(id), resource.keys) : nil
    }

    private func same(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }
}
