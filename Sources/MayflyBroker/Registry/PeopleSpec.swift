package import MayflyModel

/// Which people of a provider agents may act for, and what each of them may do.
package struct PeopleSpec: Equatable, Sendable {
    /// Gives roles to everyone for whom all of it holds.
    package struct Rule: Equatable, Sendable {
        package var subject: TextCondition?
        package var claims: [ClaimCondition]
        package var roles: [RoleID]

        func holds(for token: WorkloadToken) -> Bool {
            (subject?.holds(for: token.subject) ?? true) && claims.allSatisfy { $0.holds(in: token.claims) }
        }
    }

    package static let maximumRules = 64
    package static let maximumAudiences = 16
    /// Roles that one person may have by all rules together.
    package static let maximumRoles = 16

    /// For whom the provider may have made a token: the applications at which people sign in.
    package var audiences: [String]
    package var rules: [Rule]

    /// The roles that the rules give to whom a token is about, each once, in their order; a token carries them all.
    func roles(for token: WorkloadToken) throws(TrustFault) -> [RoleID] {
        var roles: [RoleID] = []
        for rule in rules where rule.holds(for: token) {
            for role in rule.roles where !roles.contains(role) { roles.append(role) }
        }
        guard !roles.isEmpty else { throw .noRights }
        guard roles.count <= Self.maximumRoles else { throw .tooManyRoles }
        return roles
    }

    func accepts(audience: String) -> Bool {
        audiences.contains { $0.utf8.elementsEqual(audience.utf8) }
    }

    /// Whether everything that `old` gave is given still.
    func keepsAll(of old: PeopleSpec) -> Bool {
        old.audiences.allSatisfy { accepts(audience: $0) } && old.rules.allSatisfy(rules.contains)
    }

    package var json: JSONObject {
        [
            "audiences": .array(audiences.map { .string($0) }),
            "rules": .array(
                rules.map { rule in
                    var object: JSONObject = ["roles": .array(rule.roles.map { .string($0.text) })]
                    object["subject"] = rule.subject?.json
                    if !rule.claims.isEmpty { object["claims"] = .object(ClaimCondition.json(rule.claims)) }
                    return .object(object)
                }),
        ]
    }

    /// Reads the member `name`; nil when absent.
    static func read(_ name: String, of fields: inout FieldReader) throws(FieldError) -> PeopleSpec? {
        guard var object = try fields.object(name) else { return nil }
        let audiences =
            try object.strings(
                "audiences", maximumCount: maximumAudiences, maximumLength: TextCondition.maximumLength) ?? []
        guard !audiences.isEmpty else {
            throw object.failure("audiences", .invalid(rule: "at least one: the client_id of an application"))
        }
        var rules: [Rule] = []
        for (value, path) in try object.values("rules", maximumCount: maximumRules) ?? [] {
            var reader = try FieldReader(value, path: path)
            let rule = Rule(
                subject: try TextCondition.read("subject", of: &reader),
                claims: try ClaimCondition.list("claims", in: &reader),
                roles: try reader.identifiers("roles", maximumCount: RegistryLimits.rolesPerAgent) ?? [])
            guard !rule.roles.isEmpty else {
                throw reader.failure("roles", .invalid(rule: "at least one role"))
            }
            try reader.finish()
            rules.append(rule)
        }
        try object.finish()
        return PeopleSpec(audiences: audiences, rules: rules)
    }
}
