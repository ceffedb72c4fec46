import MayflyBroker
import MayflyModel
import MayflyPolicy

/// `/api/v1/policies`: versions of the policy, which of them decides, and which is only asked.
enum PoliciesAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/policies", "List versions of the policy, newest first", access: .read,
            success: (200, "PolicyPage")
        ) { call throws(Failure) in
            let (versions, active, shadow) = call.broker.state.read {
                ($0.policies.all, $0.policy, $0.shadowPolicy)
            }
            var object: JSONObject = [
                "policies": .array(
                    versions.sorted { $0.id > $1.id }.map { .object(summary($0, active, shadow)) }),
                "active": .integer(active.id),
            ]
            object["shadow"] = shadow.map { .integer($0.id) }
            return .reply(AdminReply.object(object))
        },
        Endpoint(
            "GET", "/api/v1/policies/{number}", "Read a version by its number, or as active or shadow", access: .read,
            success: (200, "Policy")
        ) { call throws(Failure) in
            let found = call.broker.state.read { tables -> (PolicyVersion?, PolicyVersion, PolicyVersion?) in
                let version =
                    switch call.parameters["number"] {
                    case "active": Optional(tables.policy)
                    case "shadow": tables.shadowPolicy
                    case "0": PolicyVersion.registry
                    case let text: text.flatMap { Int64($0) }.flatMap { tables.policies[$0] }
                    }
                return (version, tables.policy, tables.shadowPolicy)
            }
            guard let version = found.0 else { throw .broker(.notFound) }
            var object = summary(version, found.1, found.2)
            object["bundle"] = .object(version.document)
            return .reply(AdminReply.object(object))
        },
        Endpoint(
            "POST", "/api/v1/policies", "Add a version, and put it in force or in the shadow", access: .admin,
            request: "PolicyApply", success: (201, "Policy"), largestBody: HTTPLimits().maximumLargeBody
        ) { call throws(Failure) in
            var fields = try call.fields()
            let (bundle, document) = try RegistryAPI.field { () throws(FieldError) in
                try read(&fields)
            }
            let step = try RegistryAPI.field { () throws(FieldError) in try Step(&fields, expected: true) }
            if let failed = bundle.errors().first {
                throw .field(
                    FieldError(
                        path: FieldPath.root.member("bundle"),
                        problem: .invalid(rule: "\(failed.place) \(failed.text)")))
            }
            return .waiting({
                call.broker.administration.applyPolicy(
                    bundle, document, mode: step.mode, rationale: step.rationale, expected: step.expected,
                    by: call.actor, $0)
            }) { answer($0, status: 201, call) }
        },
        Endpoint(
            "POST", "/api/v1/policy-check", "What is wrong with a bundle, without keeping it", access: .read,
            request: "PolicyCheck", success: (200, "PolicyFindings")
        ) { call throws(Failure) in
            var fields = try call.fields()
            let (bundle, document) = try RegistryAPI.field { () throws(FieldError) in
                let both = try read(&fields)
                try fields.finish()
                return both
            }
            let findings = bundle.findings().map { finding -> JSONValue in
                .object([
                    "severity": .string(finding.severity.rawValue), "place": .string(finding.place),
                    "text": .string(finding.text),
                ])
            }
            return .reply(
                AdminReply.object([
                    "digest": .string(PolicyVersion.digest(of: document)), "findings": .array(findings),
                ]))
        },
        Endpoint(
            "POST", "/api/v1/policies/{number}/activate",
            "Put an earlier version in force again or in the shadow; 0 is the built-in one, or an empty shadow",
            access: .admin, request: "PolicyActivate", success: (200, "Policy")
        ) { call throws(Failure) in
            guard let number = call.parameters["number"].flatMap({ Int64($0) }), number >= 0 else {
                throw .broker(.notFound)
            }
            var fields = try call.fields()
            let step = try RegistryAPI.field { () throws(FieldError) in try Step(&fields, expected: false) }
            return .waiting({
                call.broker.administration.activatePolicy(
                    number, mode: step.mode, rationale: step.rationale, by: call.actor, $0)
            }) { answer($0, status: 200, call) }
        },
    ]

    /// How a version is to take part, and why.
    private struct Step {
        let mode: PolicyMode
        let rationale: String
        let expected: String?

        init(_ fields: inout FieldReader, expected takesExpected: Bool) throws(FieldError) {
            mode = try fields.choice("mode", PolicyMode.self) ?? .enforce
            rationale = try fields.string("rationale", maximum: RegistryLimits.textLength)
            expected = takesExpected ? try fields.optionalString("expected", maximum: 64) : nil
            try fields.finish()
        }
    }

    private static func read(_ fields: inout FieldReader) throws(FieldError) -> (PolicyBundle, JSONObject) {
        guard let value = fields.take("bundle") else { throw fields.failure("bundle", .missing) }
        guard case .object(let document) = value else {
            throw fields.failure("bundle", .wrongType(expected: "an object"))
        }
        return (try PolicyBundle(FieldReader(document, path: fields.path.member("bundle"))), document)
    }

    private static func answer(_ version: PolicyVersion, status: Int, _ call: Call) -> HTTPReply {
        let (active, shadow) = call.broker.state.read { ($0.policy, $0.shadowPolicy) }
        return AdminReply.object(summary(version, active, shadow), status: status)
    }

    private static func summary(
        _ version: PolicyVersion, _ active: PolicyVersion, _ shadow: PolicyVersion?
    ) -> JSONObject {
        let state = version.id == active.id ? "active" : version.id == shadow?.id ? "shadow" : "kept"
        return [
            "number": .integer(version.id), "name": .string(version.bundle.name), "digest": .string(version.digest),
            "state": .string(state), "rules": .integer(Int64(version.bundle.rules.count)),
            "author": .string(version.author), "rationale": .string(version.rationale),
            "created": .string(RFC3339.format(version.createdAt)),
        ]
    }
}
