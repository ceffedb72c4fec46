import MayflyBroker
import MayflyModel

/// `/api/v1/owners`: the people who answer for agents.
enum OwnersAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/owners", "List owners", access: .read, success: (200, "OwnerPage"),
            query: ["limit", "cursor"]
        ) { call throws(Failure) in
            let page = call.broker.administration.owners(
                after: try Page.query("cursor", call.request), limit: try Page.size(call.request))
            return .reply(Page.reply(name: "owners", page) { ($0.id.text, $0.stored) })
        },
        Endpoint(
            "POST", "/api/v1/owners", "Register an owner", access: .admin, request: "OwnerSpec",
            success: (201, "Owner")
        ) { call throws(Failure) in
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try OwnerSpec(&fields) }
            return try RegistryAPI.write(.owner(spec), &fields, if: .absent, call)
        },
        Endpoint("GET", "/api/v1/owners/{id}", "Read an owner", access: .read, success: (200, "Owner")) {
            call throws(Failure) in
            let id = try call.identifier("id", OwnerID.self)
            guard let owner = call.broker.state.read({ $0.owners[id] }) else { throw .broker(.notFound) }
            return .reply(AdminReply.object(owner.stored, version: owner.version))
        },
        Endpoint(
            "PUT", "/api/v1/owners/{id}", "Replace an owner", access: .admin, request: "OwnerSpec",
            success: (200, "Owner"), needsETag: true
        ) { call throws(Failure) in
            let id = try call.identifier("id", OwnerID.self)
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try OwnerSpec(&fields) }
            try RegistryAPI.same(id.text, spec.id.text)
            return try RegistryAPI.write(.owner(spec), &fields, if: try AdminReply.precondition(call.request), call)
        },
        Endpoint(
            "POST", "/api/v1/owners/{id}/leave", "An owner leaves: its agents are inherited or offboarded",
            access: .admin, request: "Reason", success: (200, "Leaving")
        ) { call throws(Failure) in
            let id = try call.identifier("id", OwnerID.self)
            let reason = try RegistryAPI.reason(call)
            return .waiting({ call.broker.administration.leave(id, reason: reason, by: call.actor, $0) }) { answer in
                AdminReply.object([
                    "owner": .string(id.text),
                    "offboarded": .array(answer.offboarded.map { .string($0.text) }),
                    "inherited": .array(answer.inherited.map { .string($0.text) }),
                ])
            }
        },
    ]
}
