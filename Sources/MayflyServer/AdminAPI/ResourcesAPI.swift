import MayflyBroker
import MayflyCrypto
import MayflyModel

/// `/api/v1/resources`: downstream tools and their credentials.
enum ResourcesAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/resources", "List resources", access: .read, success: (200, "ResourcePage"),
            query: ["limit", "cursor"]
        ) { call throws(Failure) in
            let records = call.broker.state.read { $0.resources.all.map { ($0.id.text, $0.visible) } }
            return .reply(try Page.reply(call.request, name: "resources", records: records))
        },
        Endpoint(
            "POST", "/api/v1/resources", "Register a resource", access: .admin, request: "ResourceSpec",
            success: (201, "Resource")
        ) { call throws(Failure) in
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try ResourceSpec(&fields) }
            return try RegistryAPI.write(.resource(spec), &fields, if: .absent, call)
        },
        Endpoint("GET", "/api/v1/resources/{id}", "Read a resource", access: .read, success: (200, "Resource")) {
            call throws(Failure) in
            let id = try call.identifier("id", ResourceName.self)
            guard let resource = call.broker.state.read({ $0.resources[id] }) else { throw .broker(.notFound) }
            return .reply(AdminReply.object(resource.visible, version: resource.version))
        },
        Endpoint(
            "PUT", "/api/v1/resources/{id}", "Replace a resource", access: .admin, request: "ResourceSpec",
            success: (200, "Resource"), needsETag: true
        ) { call throws(Failure) in
            let id = try call.identifier("id", ResourceName.self)
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try ResourceSpec(&fields) }
            try RegistryAPI.same(id.text, spec.name.text)
            return try RegistryAPI.write(.resource(spec), &fields, if: try AdminReply.precondition(call.request), call)
        },
        Endpoint(
            "DELETE", "/api/v1/resources/{id}", "Remove a resource that nothing names", access: .admin,
            success: (204, nil), needsETag: true
        ) { call throws(Failure) in
            let id = try call.identifier("id", ResourceName.self)
            let precondition = try AdminReply.precondition(call.request)
            return .waiting({
                call.broker.administration.remove(resource: id, if: precondition, by: call.actor, $0)
            }) { AdminReply.empty }
        },
        Endpoint(
            "POST", "/api/v1/resources/{id}/secret", "Give a resource a new client secret, shown once",
            access: .admin, success: (201, "ResourceSecret")
        ) { call throws(Failure) in
            let id = try call.identifier("id", ResourceName.self)
            return .waiting({ call.broker.administration.newSecret(for: id, by: call.actor, $0) }) { secret in
                AdminReply.object(
                    ["client_id": .string(id.text), "client_secret": .string(secret)], status: 201)
            }
        },
        Endpoint(
            "PUT", "/api/v1/resources/{id}/keys", "Set the keys with which a resource signs its assertions",
            access: .admin, request: "JWKSet", success: (204, nil)
        ) { call throws(Failure) in
            let id = try call.identifier("id", ResourceName.self)
            var fields = try call.fields()
            var keys: [PublicKey] = []
            do throws(FieldError) {
                for (value, path) in try fields.values("keys", maximumCount: RegistryLimits.keysPerClient) ?? [] {
                    var holder = FieldReader(["jwk": value], path: path)
                    keys.append(try RegisteredKey.publicKey("jwk", in: &holder))
                }
                try fields.finish()
            } catch {
                throw .field(error)
            }
            let parsed = keys
            return .waiting({ call.broker.administration.setKeys(parsed, of: id, by: call.actor, $0) }) {
                AdminReply.empty
            }
        },
    ]
}

extension Resource {
    /// What an administrator sees: everything but the secret's digest.
    var visible: JSONObject {
        var object = stored
        object["secret_sha256"] = nil
        object["has_secret"] = .bool(secretDigest != nil)
        return object
    }
}
