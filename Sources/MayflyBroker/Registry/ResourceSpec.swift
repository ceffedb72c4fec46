package import MayflyModel

/// What an administrator writes about a downstream tool: its audience, and the rights that it understands.
package struct ResourceSpec: Equatable, Sendable {
    /// How the tool proves who it is when it asks about tokens.
    package enum AuthenticationMethod: String, CaseIterable, Sendable {
        case clientSecretBasic = "client_secret_basic"
        case privateKeyJWT = "private_key_jwt"
    }

    package enum SigningAlgorithm: String, CaseIterable, Sendable {
        case es256 = "ES256"
        case rs256 = "RS256"
    }

    package var name: ResourceName
    /// The `aud` of its tokens; cannot change.
    package var identifier: ResourceURL
    package var title: String
    package var scopes: ScopeSet
    package var types: [DetailSchema]
    package var actions: [ActionRule]
    package var routes: [RouteRule]
    package var authentication: AuthenticationMethod
    /// How tokens for this audience are signed.
    package var signing: SigningAlgorithm
    /// Whether tokens for it must be bound to a key (RFC 9449 §5.2).
    package var demandsBinding: Bool
    /// Where its clients reach it, for proofs that a proxy passes on; empty for the identifier's own origin.
    package var origins: [ProofURI]

    package init(_ fields: inout FieldReader) throws(FieldError) {
        name = try fields.identifier("name")
        guard let url = ResourceURL(try fields.string("identifier")) else {
            throw fields.failure("identifier", .invalid(rule: "an absolute URI of ASCII without fragment or user"))
        }
        identifier = url
        title = try fields.optionalString("title", maximum: RegistryLimits.nameLength) ?? name.text
        scopes = try fields.scopes("scopes")
        types = try DetailSchema.list("authorization_details_types", in: &fields)
        actions = try ActionRule.list("actions", in: &fields)
        routes = try RouteRule.list("routes", in: &fields)
        authentication = try fields.choice("authentication", AuthenticationMethod.self) ?? .clientSecretBasic
        signing = try fields.choice("token_signing_alg", SigningAlgorithm.self) ?? .es256
        demandsBinding = try fields.optionalBool("dpop_bound_access_tokens") ?? false
        origins = []
        for text in try fields.strings(
            "origins", maximumCount: RegistryLimits.originsPerResource, maximumLength: ResourceURL.maximumBytes) ?? []
        {
            guard let origin = ProofURI(claim: text), origin.isOrigin else {
                throw fields.failure("origins", .invalid(rule: "http or https, a host and perhaps a port, no path"))
            }
            origins.append(origin)
        }
        for rule in actions where rule.scope.map({ !scopes.contains($0) }) ?? false {
            throw fields.failure("actions", .invalid(rule: "an action's scope is one of the resource's scopes"))
        }
        for rule in routes where rule.scope.map({ !scopes.contains($0) }) ?? false {
            throw fields.failure("routes", .invalid(rule: "a route's scope is one of the resource's scopes"))
        }
    }

    package var json: JSONObject {
        var object: JSONObject = [
            "name": .string(name.text), "identifier": .string(identifier.text), "title": .string(title),
            "authentication": .string(authentication.rawValue), "token_signing_alg": .string(signing.rawValue),
        ]
        object["scopes"] = .array(scopes.scopes.map { .string($0.text) })
        object["authorization_details_types"] = .array(types.map { .object($0.json) })
        object["actions"] = .array(actions.map { .object($0.json) })
        object["routes"] = .array(routes.map { .object($0.json) })
        if demandsBinding { object["dpop_bound_access_tokens"] = .bool(true) }
        if !origins.isEmpty { object["origins"] = .array(origins.map { .string($0.origin) }) }
        return object
    }

    /// The origins of the URLs that its clients call; none for an identifier that is no URL of HTTP.
    var reachedAt: [ProofURI] {
        origins.isEmpty ? [ProofURI(request: identifier.text)?.root].compactMap { $0 } : origins
    }

    /// Whether going from `old` to this takes nothing away.
    func keepsAllRights(of old: ResourceSpec) -> Bool {
        old.scopes.isSubset(of: scopes) && old.types.allSatisfy(types.contains)
            // Bearer tokens that are out would be what is no longer given.
            && (old.demandsBinding || !demandsBinding)
    }
}
