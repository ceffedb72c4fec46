package import MayflyModel

/// What an administrator writes about an agent: who it is, who answers for it, and the most it may ever get.
package struct AgentSpec: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case assistant
        case agent
        case worker
    }

    package enum Risk: String, CaseIterable, Sendable {
        case low
        case medium
        case high
        case critical

        /// Larger is worse; what policy allowed at a lower risk it may not allow at a higher one.
        fileprivate var rank: Int {
            switch self {
            case .low: 0
            case .medium: 1
            case .high: 2
            case .critical: 3
            }
        }
    }

    package var id: AgentID
    package var name: String
    package var kind: Kind
    package var purpose: String
    package var owner: OwnerID
    package var roles: [RoleID]
    package var resources: [ResourceName]
    package var scopes: ScopeSet
    package var details: [RegisteredDetail]
    package var deniedScopes: ScopeSet
    package var deniedResources: [ResourceName]
    package var delegates: [Delegate]
    package var risk: Risk
    /// The agent's own version text, for people.
    package var release: String?
    package var lastReview: Timestamp?
    package var nextReview: Timestamp?
    /// Seconds from one review to the next; nil leaves the broker's default.
    package var reviewEvery: Int64?
    /// No token lives past it, and none is minted from it on.
    package var endDate: Timestamp?
    /// Whether its tokens must be bound to a key (RFC 9449 §5.2).
    package var demandsBinding: Bool
    /// By which certificate it proves who it is, instead of by a key (RFC 8705 §2).
    package var certificate: AgentCertificate?
    /// Whether its tokens must be bound to its certificate (RFC 8705 §3.4).
    package var demandsCertificate: Bool
    /// Whose tokens vouch for it, and what they must say; empty for an agent that has keys of its own only.
    package var trust: [TrustCondition]
    /// What it is made of, which each of its requests must present; nil for an agent that need not.
    package var composition: Composition?

    /// Whether it can prove who it is without a key that it enrols.
    package var hasIdentityElsewhere: Bool { !trust.isEmpty || certificate != nil }

    package init(_ fields: inout FieldReader) throws(FieldError) {
        id = try fields.identifier("id")
        name = try fields.optionalString("name", maximum: RegistryLimits.nameLength) ?? id.name
        kind = try fields.choice("kind", Kind.self) ?? .agent
        purpose = try fields.string("purpose", maximum: RegistryLimits.textLength)
        owner = try fields.identifier("owner")
        roles = try fields.identifiers("roles", maximumCount: RegistryLimits.rolesPerAgent) ?? []
        resources = try fields.identifiers("resources", maximumCount: RegistryLimits.resourcesPerAgent) ?? []
        scopes = try fields.scopes("scopes")
        details = try RegisteredDetail.list("authorization_details", in: &fields)
        deniedScopes = ScopeSet([])
        deniedResources = []
        if var deny = try fields.object("deny") {
            deniedScopes = try deny.scopes("scopes")
            deniedResources =
                try deny.identifiers("resources", maximumCount: RegistryLimits.resourcesPerAgent) ?? []
            try deny.finish()
        }
        delegates = try Delegate.list("delegates", in: &fields)
        risk = try fields.choice("risk", Risk.self) ?? .medium
        release = try fields.optionalString("release", maximum: RegistryLimits.nameLength)
        lastReview = try fields.timestamp("last_review")
        nextReview = try fields.timestamp("next_review")
        reviewEvery = try fields.duration("review_every", in: RegistryLimits.reviewInterval)
        endDate = try fields.timestamp("end_date")
        demandsBinding = try fields.optionalBool("dpop_bound_access_tokens") ?? false
        certificate = try AgentCertificate.read(&fields)
        demandsCertificate = try fields.optionalBool(Self.certificateBound) ?? false
        guard !demandsCertificate || !demandsBinding else {
            throw fields.failure(
                Self.certificateBound, .invalid(rule: "a token is bound to one key: to a certificate, or by DPoP"))
        }
        trust = try TrustCondition.list("trust", in: &fields)
        guard trust.isEmpty || certificate == nil else {
            throw fields.failure(
                "trust", .invalid(rule: "an agent is known by a certificate or by whoever vouches for it"))
        }
        composition = try Composition.read(in: &fields)
    }

    package var json: JSONObject {
        var object: JSONObject = [
            "id": .string(id.text), "name": .string(name), "kind": .string(kind.rawValue),
            "purpose": .string(purpose), "owner": .string(owner.text), "risk": .string(risk.rawValue),
        ]
        object["release"] = release.map { .string($0) }
        object["roles"] = .array(roles.map { .string($0.text) })
        object["resources"] = .array(resources.map { .string($0.text) })
        object["scopes"] = .array(scopes.scopes.map { .string($0.text) })
        object["authorization_details"] = .array(details.map(\.json))
        object["deny"] = .object([
            "scopes": .array(deniedScopes.scopes.map { .string($0.text) }),
            "resources": .array(deniedResources.map { .string($0.text) }),
        ])
        object["delegates"] = .array(delegates.map { .string($0.text) })
        object["last_review"] = lastReview.map { .string(RFC3339.format($0)) }
        object["next_review"] = nextReview.map { .string(RFC3339.format($0)) }
        object["review_every"] = reviewEvery.map { .integer($0) }
        object["end_date"] = endDate.map { .string(RFC3339.format($0)) }
        if demandsBinding { object["dpop_bound_access_tokens"] = .bool(true) }
        certificate?.write(into: &object)
        if demandsCertificate { object[Self.certificateBound] = .bool(true) }
        if !trust.isEmpty { object["trust"] = .array(trust.map { .object($0.json) }) }
        object["composition"] = composition.map { .object($0.json) }
        return object
    }

    private static let certificateBound = "tls_client_certificate_bound_access_tokens"

    /// Whether going from `old` to this takes nothing away, so that tokens already out may live on.
    func keepsAllRights(of old: AgentSpec) -> Bool {
        owner == old.owner && kind == old.kind && risk.rank <= old.risk.rank
            && Set(roles).isSuperset(of: old.roles)
            && Set(resources).isSuperset(of: old.resources)
            && old.scopes.isSubset(of: scopes)
            && old.details.allSatisfy(details.contains)
            && deniedScopes.isSubset(of: old.deniedScopes)
            && Set(old.deniedResources).isSuperset(of: deniedResources)
            && Set(delegates).isSuperset(of: old.delegates)
            // Bearer tokens that are out would be what is no longer given.
            && (old.demandsBinding || !demandsBinding)
            && (old.demandsCertificate || !demandsCertificate)
            && keepsIdentity(of: old)
            // What a workload got that is no longer one of these would live on.
            && old.trust.allSatisfy(trust.contains)
            // Another program got them, or one that nobody knows.
            && composition == old.composition
            && (endDate.map { new in old.endDate.map { new >= $0 } ?? false } ?? true)
    }

    /// Whether whoever could prove to be the agent before still can.
    private func keepsIdentity(of old: AgentSpec) -> Bool {
        guard let before = old.certificate else { return certificate == nil }
        return certificate?.covers(before) ?? false
    }
}
