import MayflyCrypto
package import MayflyModel

/// A provider's token, before and after its signature was checked: one type for what it says.
package struct WorkloadToken: Sendable {
    package let provider: ProviderID
    package let subject: String
    /// Nil for a certificate, which has none.
    package let audience: String?
    /// Its `jti`, for a provider whose tokens are used once.
    package let tokenID: String?
    /// Whole seconds since 1970.
    package let expiresAt: Int64
    package let claims: JSONObject
    /// What it says that the workload is made of, where its provider's tokens do.
    package let composition: PresentedComposition.Attested

    package init(
        provider: ProviderID, subject: String, audience: String?, tokenID: String?, expiresAt: Int64,
        claims: JSONObject, composition: PresentedComposition.Attested = .nobody
    ) {
        self.provider = provider
        self.subject = subject
        self.audience = audience
        self.tokenID = tokenID
        self.expiresAt = expiresAt
        self.claims = claims
        self.composition = composition
    }
}

/// How a client says what its assertion is.
package enum AssertionForm: Sendable {
    /// `client_assertion_type` jwt-bearer, or the jwt-bearer grant (RFC 7523).
    case bearer
    /// `client_assertion_type` jwt-spiffe: a JWT-SVID.
    case spiffe
}

/// A provider's token as it was received: its form is checked, and nothing in it is trusted.
struct UnverifiedToken {
    let jws: JWS
    let claims: JSONObject

    static let maximumSubjectLength = 2048

    init(_ compact: [UInt8]) throws(TrustFault) {
        guard let jws = try? JWS.parse(compact), let claims = try? jws.claims() else { throw .malformed }
        (self.jws, self.claims) = (jws, claims)
    }

    /// Whether it is the client's own assertion, in which both names are the client's (RFC 7523 §3).
    var isOwnAssertion: Bool {
        guard let issuer = claims["iss"]?.stringValue, let subject = claims["sub"]?.stringValue else { return false }
        return issuer.utf8.elementsEqual(subject.utf8)
    }

    /// Whether its subject is the SPIFFE ID of a workload.
    var isOfWorkload: Bool { claims["sub"]?.stringValue.flatMap { SPIFFEID($0) } != nil }

    /// The name by which the provider is looked for.
    func authority(_ form: AssertionForm) throws(TrustFault) -> ProviderSpec.Authority {
        switch form {
        case .bearer:
            guard let issuer = claims["iss"]?.stringValue else { throw .malformed }
            return .issuer(issuer)
        case .spiffe:
            // `iss` says nothing in a JWT-SVID: its authority is the trust domain of its subject (JWT-SVID §3).
            guard let id = claims["sub"]?.stringValue.flatMap({ SPIFFEID($0) }) else { throw .subject }
            return .trustDomain(id.trustDomain)
        }
    }

    /// What may stand in the header (RFC 8725 §3.11; JWT-SVID §2).
    func checkHeader(_ form: AssertionForm) throws(TrustFault) {
        switch form {
        case .bearer:
            guard jws.type == nil || jws.type == "jwt" || jws.type == TokenKind.clientAssertion.rawValue else {
                throw .type
            }
        case .spiffe:
            guard jws.header.names.allSatisfy(["alg", "kid", "typ"].contains),
                jws.type == nil || jws.type == "jwt" || jws.type == "jose"
            else { throw .type }
        }
    }

    /// What it says, once `provider` has signed it; checks everything else that does not depend on an agent.
    func verified(
        for provider: Provider, once: Bool, at now: Timestamp, skew: Int64
    ) throws(TrustFault) -> WorkloadToken {
        guard let subject = claims["sub"]?.stringValue,
            (1...Self.maximumSubjectLength).contains(subject.utf8.count)
        else { throw .subject }
        let audiences = claims["aud"]?.stringValue.map { [$0] } ?? claims["aud"]?.stringArrayValue ?? []
        guard let audience = audiences.first, audiences.count == 1 else { throw .audience }
        guard let expiresAt = AssertionClaims.seconds(claims["exp"], up: false) else { throw .malformed }
        let second = now.seconds
        guard second < expiresAt + skew else { throw .expired }
        var begin = second
        for name in ["iat", "nbf"] {
            guard let value = claims[name] else { continue }
            guard let moment = AssertionClaims.seconds(value, up: true) else { throw .malformed }
            guard moment <= second + skew else { throw .notYetValid }
            if name == "iat" { begin = min(begin, moment) }
        }
        guard expiresAt - begin <= provider.spec.maximumTokenLife + skew else { throw .tooLong }
        var tokenID: String?
        if once {
            guard let id = claims["jti"]?.stringValue,
                (1...ClientAuthenticator.maximumAssertionIDLength).contains(id.utf8.count)
            else { throw .noTokenID }
            tokenID = id
        }
        return WorkloadToken(
            provider: provider.id, subject: subject, audience: audience, tokenID: tokenID, expiresAt: expiresAt,
            claims: claims, composition: composition(for: provider.spec))
    }

    private func composition(for provider: ProviderSpec) -> PresentedComposition.Attested {
        guard let name = provider.compositionClaim else { return .nobody }
        return ClaimCondition.value(name, in: claims)?.stringValue.flatMap { CompositionDigest($0) }
            .map { .digest($0) } ?? .missing
    }
}
