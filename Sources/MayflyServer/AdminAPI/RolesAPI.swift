import MayflyBroker
import MayflyModel

/// `/api/v1/roles`: named sets of rights.
enum RolesAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/roles", "List roles", access: .read, success: (200, "RolePage"),
            query: ["limit", "cursor"]
        ) { call throws(Failure) in
            let records = call.broker.state.read { $0.roles.all.map { ($0.id.text, $0.stored) } }
            return .reply(try Page.reply(call.request, name: "roles", records: records))
        },
        Endpoint(
            "POST", "/api/v1/roles", "Register a role", access: .admin, request: "RoleSpec", success: (201, "Role")
        ) { call throws(Failure) in
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try RoleSpec(&fields) }
            return try RegistryAPI.write(.role(spec), &fields, if: .absent, call)
        },
        Endpoint("GET", "/api/v1/roles/{id}", "Read a role", access: .read, success: (200, "Role")) {
            call throws(Failure) in
            let id = try call.identifier("id", RoleID.self)
            guard let role = call.broker.state.read({ $0.roles[id] }) else { throw .broker(.notFound) }
            return .reply(AdminReply.object(role.stored, version: role.version))
        },
        Endpoint(
            "PUT", "/api/v1/roles/{id}", "Replace a role", access: .admin, request: "RoleSpec",
            success: (200, "Role"), needsETag: true
        ) { call throws(Failure) in
            let id = try call.identifier("id", RoleID.self)
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try RoleSpec(&fields) }
            try RegistryAPI.same(id.text, spec.id.text)
            return try RegistryAPI.write(.role(spec), &fields, if: try AdminReply.precondition(call.request), call)
        },
        Endpoint(
            "DELETE", "/api/v1/roles/{id}", "Remove a role that no agent has", access: .admin, success: (204, nil),
            needsETag: true
        ) { call throws(Failure) in
            let id = try call.identifier("id", RoleID.self)
            let precondition = try AdminReply.precondition(call.request)
            return .waiting({
                call.broker.administration.remove(role: id, if: precondition, by: call.actor, $0)
            }) { AdminReply.empty }
        },
    ]
}
