package import MayflyModel

/// Which workloads of a provider are an agent: what their tokens say must be all of this.
package struct TrustCondition: Hashable, Sendable {
    package static let maximumConditions = 8

    package let provider: ProviderID
    /// The token's only audience; nil for the broker's issuer.
    package let audience: String?
    package let subject: TextCondition
    /// In the order of their names.
    package let claims: [ClaimCondition]

    /// Whether a verified token of this provider is one of these workloads; `issuer` is the broker's.
    package func holds(for token: WorkloadToken, issuer: String) -> Bool {
        token.provider == provider
            && (token.audience.map { $0.utf8.elementsEqual((audience ?? issuer).utf8) } ?? true)
            && subject.holds(for: token.subject) && claims.allSatisfy { $0.holds(in: token.claims) }
    }

    package static func == (left: TrustCondition, right: TrustCondition) -> Bool {
        left.provider == right.provider && left.subject == right.subject && left.claims == right.claims
            && (left.audience.map { Array($0.utf8) } == right.audience.map { Array($0.utf8) })
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(provider)
        hasher.combine(subject)
        hasher.combine(claims)
    }

    package var json: JSONObject {
        var object: JSONObject = ["provider": .string(provider.text), "subject": subject.json]
        object["audience"] = audience.map { .string($0) }
        if !claims.isEmpty { object["claims"] = .object(ClaimCondition.json(claims)) }
        return object
    }

    init(_ fields: inout FieldReader) throws(FieldError) {
        provider = try fields.identifier("provider")
        audience = try fields.optionalString("audience", maximum: TextCondition.maximumLength)
        guard let subject = try TextCondition.read("subject", of: &fields) else {
            throw fields.failure("subject", .missing)
        }
        self.subject = subject
        claims = try ClaimCondition.list("claims", in: &fields)
        try fields.finish()
    }

    static func list(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [TrustCondition] {
        var conditions: [TrustCondition] = []
        for (value, path) in try fields.values(name, maximumCount: maximumConditions) ?? [] {
            var reader = try FieldReader(value, path: path)
            let condition = try TrustCondition(&reader)
            guard !conditions.contains(condition) else { throw FieldError(path: path, problem: .duplicate) }
            conditions.append(condition)
        }
        return conditions
    }
}
