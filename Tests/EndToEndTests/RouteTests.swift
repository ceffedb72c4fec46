import MayflyCrypto
import MayflyModel
import Testing

/// The operations that the server's own OpenAPI document lists.
struct Routes {
    struct Route {
        let method: String
        let template: String

        /// The path with each parameter replaced.
        func target(_ value: (String) -> String) -> String {
            template.split(separator: "/", omittingEmptySubsequences: false).map { part in
                part.hasPrefix("{") ? value(String(part.dropFirst().dropLast())) : String(part)
            }.joined(separator: "/")
        }
    }

    let all: [Route]
    let methods: [String: [String]]

    init(_ port: UInt16) throws {
        let document = try HTTP.get("/openapi.json", from: port).object
        let paths = try #require(document["paths"]?.objectValue)
        methods = Dictionary(
            uniqueKeysWithValues: paths.members.map {
                ($0.name, $0.value.objectValue?.names.map { $0.uppercased() } ?? [])
            })
        all = paths.members.flatMap { path in
            (path.value.objectValue?.names ?? []).map { Route(method: $0.uppercased(), template: path.name) }
        }
    }
}

/// The document and the server say the same.
@Suite struct RouteTests {
    @Test
    func everyDocumentedOperationExistsAndNothingElseDoes() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let routes = try Routes(broker.port)
        #expect(routes.all.count > 40)
        let names = [
            "owners": "owner:support-lead", "roles": "role:reader", "resources": "tickets", "agents": "agent:support",
            "policies": "0", "providers": "provider:example",
            "people": "person:example:24400320",
        ]
        // Its keys are written down: nobody is asked for them.
        let keys = JSONValue.array([.object(try PrivateKey.generate(.es256).publicKey.jwk)])
        let created = try desk.call(
            "POST", "/api/v1/providers",
            .object([
                "id": .string("provider:example"), "issuer": .string("https://provider.example"),
                "jwks": .object(["keys": keys]),
            ]))
        #expect(created.status == 201, "\(created)")
        for route in routes.all {
            let collection = String(route.template.split(separator: "/").dropFirst(2).first ?? "")
            let target = route.target { $0 == "kid" ? "none" : names[collection] ?? "none" }
            let answer = try desk.call(route.method, target)
            #expect(answer.status != 405, "\(route.method) \(target): \(answer)")
            // A key or a request that is not there is a 404 of the endpoint itself.
            let isOwn = ["approvals", "supervisions", "access-requests"].contains(collection)
            if !route.template.contains("{kid}"), !isOwn {
                #expect(answer.status != 404, "\(route.method) \(target): \(answer)")
            }
            #expect(answer.status < 500, "\(route.method) \(target): \(answer)")
        }
    }

    @Test
    func aMethodThatAPathDoesNotTakeIsRefusedWithThoseItTakes() throws {
        let broker = try RunningMayfly.started()
        let routes = try Routes(broker.port)
        for (template, methods) in routes.methods {
            let target = Routes.Route(method: "", template: template).target { _ in "x" }
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] where !methods.contains(method) {
                let answer = try HTTP.send(method, target, to: broker.port)
                #expect(answer.status == 405, "\(method) \(target): \(answer)")
                let allow = Set(answer.header("Allow")?.split(separator: ", ").map(String.init) ?? [])
                #expect(allow == Set(methods + (methods.contains("GET") ? ["HEAD"] : [])), "\(method) \(target)")
            }
            if methods.contains("GET") {
                let get = try HTTP.get(target, from: broker.port)
                #expect(try HTTP.send("HEAD", target, to: broker.port).status == get.status)
            }
        }
    }

    @Test
    func anUnknownPathIs404() throws {
        let broker = try RunningMayfly.started()
        let paths = [
            "/", "/oauth2", "/oauth2/token/", "/oauth2/tokens", "/OAuth2/Token", "/api/v1/", "/api/v1/agents/", "/api",
            "/api/v1/agents//keys", "/.well-known/", "/api/v1/owners/a/b/c/d", "/verify/x", "/verify%2F", "/healthz;a",
        ]
        for path in paths {
            for method in ["GET", "POST"] {
                #expect(try HTTP.send(method, path, to: broker.port).status == 404, "\(method) \(path)")
            }
        }
    }
}
