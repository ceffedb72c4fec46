import MayflyBroker
import MayflyModel

/// `/api/v1/revocations`: the kill switches, and what was ended by name.
enum RevocationsAPI {
    static let endpoints = [
        Endpoint(
            "POST", "/api/v1/revocations",
            "Revoke a token, task, trace, agent, owner, role, resource, provider, person or everything",
            access: .admin, request: "RevocationRequest", success: (200, "Revoked")
        ) { call throws(Failure) in
            var fields = try call.fields()
            let request: RevocationRequest
            let reason: String
            do throws(FieldError) {
                request = try target(&fields)
                reason = try fields.optionalString("reason", maximum: RegistryLimits.textLength) ?? ""
                try fields.finish()
            } catch {
                throw .field(error)
            }
            return .waiting({
                call.broker.administration.revoke(request, reason: reason, by: call.actor, $0)
            }) { AdminReply.object(["revoked": .string(request.text)]) }
        },
        Endpoint(
            "GET", "/api/v1/revocations", "List revocations by name that are still remembered", access: .read,
            success: (200, "RevocationPage"), query: ["limit", "cursor"]
        ) { call throws(Failure) in
            let records = call.broker.state.read { tables in
                tables.revocations.all.map { ("\($0.stored["target"]?.stringValue ?? ""):\($0.id.value)", $0.stored) }
            }
            return .reply(try Page.reply(call.request, name: "revocations", records: records))
        },
    ]

    private static func target(_ fields: inout FieldReader) throws(FieldError) -> RevocationRequest {
        var found: [RevocationRequest] = []
        if let id = try fields.optionalString("token", maximum: 64) { found.append(.token(id)) }
        if let name = try fields.optionalString("task", maximum: 128) { found.append(.task(name)) }
        if let id = try fields.optionalString("trace", maximum: 32) { found.append(.trace(id)) }
        if let id: AgentID = try fields.optionalIdentifier("agent") { found.append(.agent(id)) }
        if let id: OwnerID = try fields.optionalIdentifier("owner") { found.append(.owner(id)) }
        if let id: RoleID = try fields.optionalIdentifier("role") { found.append(.role(id)) }
        if let id: ResourceName = try fields.optionalIdentifier("resource") { found.append(.resource(id)) }
        if let id: ProviderID = try fields.optionalIdentifier("provider") { found.append(.provider(id)) }
        if let text = try fields.optionalString("person", maximum: 512) {
            guard let id = PersonID(text) else {
                throw fields.failure("person", .invalid(rule: "person:, a provider's name, a colon, and a subject"))
            }
            found.append(.person(id))
        }
        if try fields.optionalBool("everything") ?? false { found.append(.everything) }
        guard let only = found.first, found.count == 1 else {
            throw FieldError(
                path: .root,
                problem: .invalid(
                    rule:
                        "exactly one of token, task, trace, agent, owner, role, resource, provider, person, everything: true"
                )
            )
        }
        return only
    }
}
