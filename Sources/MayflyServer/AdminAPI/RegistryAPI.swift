import MayflyBroker
import MayflyModel

/// The registry as a whole, and what its endpoints share.
enum RegistryAPI {
    static let endpoints =
        OwnersAPI.endpoints + ProvidersAPI.endpoints + PeopleAPI.endpoints + RolesAPI.endpoints + ResourcesAPI.endpoints
        + AgentsAPI.endpoints + [apply]

    private static let apply = Endpoint(
        "POST", "/api/v1/apply", "Create or update many records together, or show what would change",
        access: .admin, request: "Registry", success: (200, "Applied"), query: ["dry_run"]
    ) { call throws(Failure) in
        let fields = try call.fields()
        let writes = try field { () throws(FieldError) in try RegistryDocument.writes(fields) }
        let isDryRun = try Page.query("dry_run", call.request) == "true"
        return .waiting({
            call.broker.administration.apply(writes, dryRun: isDryRun, by: call.actor, $0)
        }) { changes in
            AdminReply.object([
                "dry_run": .bool(isDryRun),
                "changes": .array(
                    changes.map { change in
                        .object([
                            "target": .string(change.target), "step": .string(change.step.rawValue),
                            "members": .array(change.members.map { .string($0) }),
                        ])
                    }),
            ])
        }
    }

    static func write(
        _ write: RegistryWrite, _ fields: inout FieldReader, if precondition: Precondition, _ call: Call
    ) throws(Failure) -> HTTPOutcome {
        let reader = fields
        try field { () throws(FieldError) in try reader.finish() }
        return .waiting({ call.broker.administration.write(write, if: precondition, by: call.actor, $0) }) { change in
            var record = change.record
            record["secret_sha256"] = nil
            record["lifecycle"] = nil
            return AdminReply.object(record, status: change.step == .create ? 201 : 200, version: change.version)
        }
    }

    static func field<Value>(_ read: () throws(FieldError) -> Value) throws(Failure) -> Value {
        do {
            return try read()
        } catch {
            throw .field(error)
        }
    }

    static func same(_ path: String, _ body: String) throws(Failure) {
        guard path == body else {
            throw .field(
                FieldError(path: FieldPath.root.member("id"), problem: .invalid(rule: "the id in the URL")))
        }
    }

    /// The reason that must be given; spaces are none.
    static func requiredReason(_ fields: inout FieldReader) throws(FieldError) -> String {
        let text = try fields.string("reason", maximum: RegistryLimits.textLength)
        guard !text.utf8.allSatisfy({ $0 == 0x20 }) else {
            throw fields.failure("reason", .invalid(rule: "says why, for whoever reads the ledger"))
        }
        return text
    }

    /// The reason that a step is taken for; an empty body gives none.
    static func reason(_ call: Call) throws(Failure) -> String {
        guard !call.request.body.isEmpty else { return "" }
        var fields = try call.fields()
        do {
            let text = try fields.optionalString("reason", maximum: RegistryLimits.textLength) ?? ""
            try fields.finish()
            return text
        } catch {
            throw .field(error)
        }
    }
}
