package import MayflyCrypto
package import MayflyModel

/// What an administrator writes about a provider: which tokens are its own, and where its keys are.
package struct ProviderSpec: Equatable, Sendable {
    /// How its tokens are told from all others.
    package enum Authority: Equatable, Sendable {
        /// The exact `iss` of its tokens (OpenID Connect Core §2, RFC 7519 §4.1.1).
        case issuer(String)
        /// The trust domain of the SPIFFE IDs that it gives out.
        case trustDomain(String)

        /// Compares bytes: the text of one that claims it is anybody's.
        package static func == (left: Authority, right: Authority) -> Bool {
            switch (left, right) {
            case (.issuer(let left), .issuer(let right)): left.utf8.elementsEqual(right.utf8)
            case (.trustDomain(let left), .trustDomain(let right)): left.utf8.elementsEqual(right.utf8)
            case (.issuer, _), (.trustDomain, _): false
            }
        }
    }

    /// Where its keys come from.
    package enum KeySource: Equatable, Sendable {
        /// Written down here: nothing is ever fetched.
        case pinned(JWKSet)
        case url(String)
        /// The issuer's own description says where (OpenID Connect Discovery §4).
        case discovery
    }

    package static let maximumURLLength = 512
    /// Seconds; what is used up must be remembered for as long as it lives, so it may not live long.
    package static func tokenLifeRange(isReusable: Bool) -> ClosedRange<Int64> { 60...(isReusable ? 604_800 : 3600) }
    package static func defaultTokenLife(isReusable: Bool) -> Int64 { isReusable ? 86_400 : 3600 }

    package var id: ProviderID
    package var name: String
    package var authority: Authority
    package var keySource: KeySource
    /// As it was registered, for a pinned source.
    private var jwks: JSONObject?
    /// The algorithms that its tokens may be signed with.
    package var algorithms: [SignatureAlgorithm]
    /// Seconds from `iat`, or from now, to `exp`; a token that lives longer is refused.
    package var maximumTokenLife: Int64
    /// Whether one token may be presented several times; otherwise it needs a `jti`, which is used up.
    package var isReusable: Bool
    /// Whom agents may act for; nil for a provider that knows workloads only.
    package var people: PeopleSpec?
    /// The claim, or the way to one as a JSON Pointer (RFC 6901), that holds the digest of a workload's composition.
    package var compositionClaim: String?

    package init(_ fields: inout FieldReader) throws(FieldError) {
        id = try fields.identifier("id")
        name = try fields.optionalString("name", maximum: RegistryLimits.nameLength) ?? id.name
        authority = try Self.authority(&fields)
        (keySource, jwks) = try Self.keySource(&fields, of: authority)
        algorithms = try Self.algorithms(&fields, of: authority)
        isReusable = try fields.optionalBool("reusable") ?? false
        maximumTokenLife =
            try fields.duration("max_token_life", in: Self.tokenLifeRange(isReusable: isReusable))
            ?? Self.defaultTokenLife(isReusable: isReusable)
        compositionClaim = try fields.optionalString("composition_claim", maximum: ClaimCondition.maximumNameLength)
        if compositionClaim?.isEmpty ?? false {
            throw fields.failure("composition_claim", .invalid(rule: "a claim's name, or a JSON Pointer to one"))
        }
        people = try PeopleSpec.read("people", of: &fields)
        guard people == nil || !isTrustDomain else {
            throw fields.failure("people", .invalid(rule: "a trust domain knows workloads, and no people"))
        }
    }

    package var json: JSONObject {
        var object: JSONObject = ["id": .string(id.text), "name": .string(name)]
        switch authority {
        case .issuer(let issuer): object["issuer"] = .string(issuer)
        case .trustDomain(let domain): object["trust_domain"] = .string(domain)
        }
        if case .url(let url) = keySource { object["jwks_uri"] = .string(url) }
        object["jwks"] = jwks.map { .object($0) }
        object["algorithms"] = .array(algorithms.map { .string($0.rawValue) })
        object["max_token_life"] = .integer(maximumTokenLife)
        object["reusable"] = .bool(isReusable)
        object["people"] = people.map { .object($0.json) }
        object["composition_claim"] = compositionClaim.map { .string($0) }
        return object
    }

    package var isTrustDomain: Bool {
        if case .trustDomain = authority { true } else { false }
    }

    private static func authority(_ fields: inout FieldReader) throws(FieldError) -> Authority {
        let issuer = try fields.optionalString("issuer", maximum: maximumURLLength)
        let domain = try fields.optionalString("trust_domain", maximum: SPIFFEID.maximumTrustDomainLength)
        switch (issuer, domain) {
        case (let issuer?, nil):
            guard isWebURL(issuer) else { throw fields.failure("issuer", .invalid(rule: urlRule)) }
            return .issuer(issuer)
        case (nil, let domain?):
            guard SPIFFEID.isTrustDomain(domain) else {
                throw fields.failure(
                    "trust_domain", .invalid(rule: "lower-case letters, digits, dots, dashes and underscores"))
            }
            return .trustDomain(domain)
        case (nil, nil), (.some, .some):
            throw FieldError(path: fields.path, problem: .invalid(rule: "exactly one of issuer and trust_domain"))
        }
    }

    private static func keySource(
        _ fields: inout FieldReader, of authority: Authority
    ) throws(FieldError) -> (KeySource, JSONObject?) {
        let url = try fields.optionalString("jwks_uri", maximum: maximumURLLength)
        let pinned = fields.take("jwks")
        switch (pinned, url) {
        case (.some, .some):
            throw FieldError(path: fields.path, problem: .invalid(rule: "jwks or jwks_uri, not both"))
        case (let value?, nil):
            guard let object = value.objectValue else {
                throw fields.failure("jwks", .wrongType(expected: "an object"))
            }
            guard JSONWriter.bytes(of: value).count <= JWKSet.maximumLength, let set = try? JWKSet(object), !set.isEmpty
            else {
                throw fields.failure(
                    "jwks", .invalid(rule: "a JWK Set with a public key that can be used, and no private one"))
            }
            return (.pinned(set), object)
        case (nil, let url?):
            guard isWebURL(url) else { throw fields.failure("jwks_uri", .invalid(rule: urlRule)) }
            return (.url(url), nil)
        case (nil, nil):
            guard case .issuer = authority else {
                throw FieldError(
                    path: fields.path, problem: .invalid(rule: "a trust domain needs jwks or jwks_uri: its bundle"))
            }
            return (.discovery, nil)
        }
    }

    private static func algorithms(
        _ fields: inout FieldReader, of authority: Authority
    ) throws(FieldError) -> [SignatureAlgorithm] {
        // A JWT-SVID is never signed with EdDSA (JWT-SVID §3).
        var possible = SignatureAlgorithm.allCases
        if case .trustDomain = authority { possible.removeAll { $0 == .edDSA } }
        guard let names = try fields.strings("algorithms", maximumCount: possible.count, maximumLength: 16) else {
            return possible
        }
        let chosen = possible.filter { algorithm in
            names.contains { $0.utf8.elementsEqual(algorithm.rawValue.utf8) }
        }
        guard !chosen.isEmpty, chosen.count == names.count else {
            let known = possible.map(\.rawValue).joined(separator: ", ")
            throw fields.failure("algorithms", .invalid(rule: "one or more of: \(known)"))
        }
        return chosen
    }

    private static let urlRule = "an http or https URL without user, query, fragment or spaces"

    /// Whether it is a URL that could be fetched; to which addresses is decided when it is.
    private static func isWebURL(_ text: String) -> Bool {
        guard text.utf8.starts(with: "https://".utf8) || text.utf8.starts(with: "http://".utf8) else { return false }
        return ResourceURL(text) != nil && !text.utf8.contains(UInt8(ascii: "?"))
    }
}

extension ProviderSpec {
    /// Whether every token that `old` vouched for is one that this vouches for, so that what came of them may live on.
    func keepsAllTrust(in old: ProviderSpec) -> Bool {
        authority == old.authority && Set(algorithms).isSuperset(of: old.algorithms) && keepsKeys(of: old)
            && (old.people.map { before in people?.keepsAll(of: before) ?? false } ?? true)
            && (compositionClaim == nil || compositionClaim == old.compositionClaim)
    }

    private func keepsKeys(of old: ProviderSpec) -> Bool {
        switch (keySource, old.keySource) {
        case (.pinned(let new), .pinned(let before)):
            before.keys.allSatisfy(new.keys.contains) && before.anchors.allSatisfy(new.anchors.contains)
        case (.url(let new), .url(let before)): new.utf8.elementsEqual(before.utf8)
        case (.discovery, .discovery): true
        case (.pinned, _), (.url, _), (.discovery, _): false
        }
    }
}
