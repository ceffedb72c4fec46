package import MayflyModel
package import MayflyPolicy

/// What a token says (RFC 9068 §2.2, design §3); access tokens and tickets share the shape and differ in `typ`.
package struct TokenClaims: Equatable, Sendable {
    package var issuer: String
    /// The principal that the chain began with.
    package var subject: String
    package var audience: String
    /// Who holds it now.
    package var clientID: String
    package var tokenID: String
    /// Whole seconds since 1970, as are all times in a token.
    package var issuedAt: Int64
    package var expiresAt: Int64
    package var scopes: ScopeSet
    /// As granted; each is complete, and the limits are not among them.
    package var details: [JSONValue]
    package var limits: Limits
    package var task: String
    package var trace: String
    /// Empty in tokens of administrators and resources.
    package var chain: [ChainLink]
    /// Who may take the rights further.
    package var delegates: [Delegate]
    /// In a ticket: the audience that the redeemed token will have.
    package var grantedResource: String?
    /// In a ticket: when the parent expires, which the redeemed token cannot outlive.
    package var grantedUntil: Int64?
    /// The kill switch's value, for tokens without a chain.
    package var epoch: Int64
    /// The digest of the policy bundle under which it was minted; `registry` for the built-in one.
    package var bundle: String
    /// What its request said of the case; policy is asked again with it when the bundle changes.
    package var context: PolicyContext
    /// The approval by people that it was made of; nil for most.
    package var approval: String?
    /// The key without which the token is worth nothing; nil for a bearer token.
    package var confirmation: Confirmation?
    /// In a ticket: whether what is redeemed from it must be bound to a key, because the parent is.
    package var demandsBinding: Bool
    /// The subject, where the chain acts for a person; nil when it began with an agent's own task.
    package var actedFor: ActedFor?

    /// The claims as JSON in a fixed order.
    package func encoded() -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        writer.beginObject()
        func member(_ name: StaticString, _ text: String) {
            writer.name(name)
            writer.string(text)
        }
        member("iss", issuer)
        member("sub", subject)
        member("aud", audience)
        member("client_id", clientID)
        member("jti", tokenID)
        writer.name("iat")
        writer.integer(issuedAt)
        writer.name("exp")
        writer.integer(expiresAt)
        if !scopes.isEmpty { member("scope", scopes.text) }
        let details = authorizationDetails
        if !details.isEmpty {
            writer.name("authorization_details")
            writer.value(.array(details))
        }
        if let act = actors {
            writer.name("act")
            writer.value(.object(act))
        }
        if case .agent(let only)? = delegates.first, delegates.count == 1 {
            writer.name("may_act")
            writer.value(.object(["sub": .string(only.text)]))
        }
        if !chain.isEmpty { member("txn", trace) }
        if let confirmation {
            writer.name("cnf")
            writer.value(.object(confirmation.json))
        }
        writer.name("mayfly")
        writePrivateClaim(into: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// What the wire calls `authorization_details`: the details, and then the limits if there are any.
    package var authorizationDetails: [JSONValue] {
        limits.isNone ? details : details + [limits.json]
    }

    /// The `act` claim: the outermost actor holds the token now, deeper ones held its ancestors (RFC 8693 §4.1).
    ///
    /// The first agent is the subject itself, unless it acts for a person.
    package var actors: JSONObject? {
        var act: JSONObject?
        for link in chain.dropFirst(actedFor == nil ? 1 : 0) {
            var outer: JSONObject = ["sub": .string(link.agent.text)]
            outer["act"] = act.map { .object($0) }
            act = outer
        }
        return act
    }

    private func writePrivateClaim(into writer: inout JSONWriter) {
        writer.beginObject()
        if chain.isEmpty {
            writer.name("epoch")
            writer.integer(epoch)
        } else {
            writer.name("task")
            writer.string(task)
            writer.name("chain")
            ChainLink.write(chain, into: &writer)
            writer.name("bundle")
            writer.string(bundle)
            if context != PolicyContext() {
                writer.name("context")
                writer.value(.object(context.json))
            }
            if let approval {
                writer.name("approval")
                writer.string(approval)
            }
            if delegates.count > 1 || delegates.contains(where: { if case .role = $0 { true } else { false } }) {
                writer.name("delegates")
                writer.value(.array(delegates.map { .string($0.text) }))
            }
            if let grantedResource {
                writer.name("resource")
                writer.string(grantedResource)
            }
            if let grantedUntil {
                writer.name("until")
                writer.integer(grantedUntil)
            }
            if demandsBinding {
                writer.name("bound")
                writer.bool(true)
            }
            if let actedFor {
                writer.name("person")
                writer.value(.array(actedFor.roles.map { .string($0.text) }))
            }
        }
        writer.endObject()
    }

    /// The bundle of a broker whose registry is its only policy.
    package static let registryBundle = "registry"

    /// Reads claims that Mayfly signed; anything else in their place is refused.
    package init(_ object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        issuer = try fields.string("iss")
        subject = try fields.string("sub")
        audience = try fields.string("aud")
        clientID = try fields.string("client_id")
        tokenID = try fields.string("jti", maximum: TokenID.maximumLength)
        issuedAt = try fields.integer("iat", in: 0...Self.latestSecond)
        expiresAt = try fields.integer("exp", in: 0...Self.latestSecond)
        scopes = ScopeSet([])
        if let text = try fields.optionalString("scope", maximum: 8192) {
            guard let parsed = try? ScopeSet.parse(text) else {
                throw fields.failure("scope", .invalid(rule: "scopes separated by one space"))
            }
            scopes = parsed
        }
        (details, limits) = try Self.details(&fields)
        trace = try fields.optionalString("txn") ?? ""
        confirmation = nil
        if var inner = try fields.object("cnf") { confirmation = try Confirmation(&inner) }
        _ = fields.take("act")
        delegates = []
        if var mayAct = try fields.object("may_act") {
            delegates = [.agent(try mayAct.identifier("sub"))]
        }
        guard var inner = try fields.object("mayfly") else { throw fields.failure("mayfly", .missing) }
        task = try inner.optionalString("task") ?? ""
        chain = try ChainLink.list("chain", in: &inner)
        bundle = try inner.optionalString("bundle", maximum: 64) ?? Self.registryBundle
        context = PolicyContext()
        if case .object(let object)? = inner.take("context") {
            context = try PolicyContext(object, path: inner.path.member("context"))
        }
        approval = try inner.optionalString("approval", maximum: 64)
        let several = try Delegate.list("delegates", in: &inner)
        if !several.isEmpty { delegates = several }
        grantedResource = try inner.optionalString("resource")
        grantedUntil = try inner.optionalInteger("until", in: 0...Self.latestSecond)
        epoch = try inner.optionalInteger("epoch", in: 0...Int64.max) ?? 0
        demandsBinding = try inner.optionalBool("bound") ?? false
        actedFor = try Self.actedFor(subject, &inner)
        try inner.finish()
        try fields.finish()
    }

    /// A subject that is a person comes with the roles of that person, and no other subject does.
    private static func actedFor(_ subject: String, _ inner: inout FieldReader) throws(FieldError) -> ActedFor? {
        let roles: [RoleID]? = try inner.identifiers("person", maximumCount: PeopleSpec.maximumRoles)
        let person = PersonID(subject)
        switch (person, roles) {
        case (nil, nil): return nil
        case (let person?, let roles?) where !roles.isEmpty: return ActedFor(person: person, roles: roles)
        case (nil, .some), (.some, _):
            throw inner.failure("person", .invalid(rule: "the roles of a subject that is a person"))
        }
    }

    /// The details, and the one object among them that holds limits.
    private static func details(_ fields: inout FieldReader) throws(FieldError) -> ([JSONValue], Limits) {
        let name = "authorization_details"
        var details: [JSONValue] = []
        var limits: Limits?
        for (value, path) in try fields.values(name, maximumCount: DetailSet.maximumCount + 1) ?? [] {
            guard Limits.isLimits(value) else {
                details.append(value)
                continue
            }
            guard limits == nil, let request = try? Limits.Request(value) else {
                throw FieldError(path: path, problem: .invalid(rule: "one well-formed object of limits"))
            }
            limits = request.limits
        }
        guard details.count <= DetailSet.maximumCount else {
            throw fields.failure(name, .tooMany(maximum: DetailSet.maximumCount))
        }
        return (details, limits ?? .none)
    }

    /// 9999-12-31T23:59:59Z.
    private static let latestSecond: Int64 = 253_402_300_799

    package init(
        issuer: String, subject: String, audience: String, clientID: String, tokenID: String, issuedAt: Int64,
        expiresAt: Int64, scopes: ScopeSet, details: [JSONValue] = [], limits: Limits = .none, task: String = "",
        trace: String = "", chain: [ChainLink] = [], delegates: [Delegate] = [], grantedResource: String? = nil,
        grantedUntil: Int64? = nil, epoch: Int64 = 0, bundle: String = TokenClaims.registryBundle,
        context: PolicyContext = PolicyContext(), approval: String? = nil, confirmation: Confirmation? = nil,
        demandsBinding: Bool = false, actedFor: ActedFor? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.clientID = clientID
        self.tokenID = tokenID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.scopes = scopes
        self.details = details
        self.limits = limits
        self.task = task
        self.trace = trace
        self.chain = chain
        self.delegates = delegates
        self.grantedResource = grantedResource
        self.grantedUntil = grantedUntil
        self.epoch = epoch
        self.bundle = bundle
        self.context = context
        self.approval = approval
        self.confirmation = confirmation
        self.demandsBinding = demandsBinding
        self.actedFor = actedFor
    }
}
