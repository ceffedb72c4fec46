package import MayflyCrypto
import MayflyModel

/// Proves a client's identity: `private_key_jwt` (RFC 7523 §2.2, §3, rfc7523bis) or a resource's secret.
///
/// Every failure is `invalid_client` with the same words, so nothing tells a wrong name from a wrong key.
package struct ClientAuthenticator: Sendable {
    package static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// Bytes of an assertion's `jti`.
    package static let maximumAssertionIDLength = 256
    package static let signingAlgorithms = SignatureAlgorithm.allCases

    let live: LiveSettings
    var settings: BrokerSettings { live.current }
    let state: BrokerState
    let clock: BrokerClock
    let refusals: RefusedClients

    static let refusal = OAuthError(.invalidClient, "the client could not be authenticated")

    /// Checks an assertion; the caller makes the returned mark durable before it answers, which makes it single-use.
    package func authenticate(assertion: [UInt8], clientID: String?) throws(OAuthError) -> AuthenticatedClient {
        do {
            return try check(assertion, clientID: clientID)
        } catch {
            refusals.note(claimed: (try? JWS.parse(assertion).claims())?["sub"]?.stringValue)
            throw error
        }
    }

    private func check(_ assertion: [UInt8], clientID: String?) throws(OAuthError) -> AuthenticatedClient {
        let now = clock.now()
        guard let jws = try? JWS.parse(assertion), let object = try? jws.claims() else { throw Self.refusal }
        guard jws.type == nil || jws.type == "jwt" || jws.type == TokenKind.clientAssertion.rawValue else {
            throw Self.refusal
        }
        guard let claims = AssertionClaims(object), clientID.map({ same($0, claims.subject) }) ?? true else {
            throw Self.refusal
        }
        guard let (client, keys) = state.read({ Self.registered(claims.subject, in: $0, at: now) }) else {
            throw Self.refusal
        }
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
        // By the widest skew: it may be set wider while the mark is kept.
        let mark = UsedMark.assertion(
            client: claims.subject, tokenID: claims.tokenID,
            expires: Timestamp(seconds: claims.expiresAt + max(skew, BrokerSettings.widestClockSkew) + 1))
        return AuthenticatedClient(client: client, mark: mark)
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

    /// The client of that name and its keys, if it may authenticate by key now.
    private static func registered(
        _ name: String, in tables: borrowing Tables, at now: Timestamp
    ) -> (Client, [RegisteredKey])? {
        if let id = AgentID(name) {
            guard let agent = tables.agents[id], tables.standing(of: agent, at: now) == .active else { return nil }
            return (.agent(id), agent.keys)
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
