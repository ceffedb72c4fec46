internal import MayflyModel
internal import Testing

/// `GET /verify`: what a proxy may let through.
struct ForwardAuthTests {
    private struct Proxy {
        let world: World
        let credential: String
        let token: String

        init() throws {
            world = try World()
            credential = Wire.basic("tickets", try world.secret(of: "tickets"))
            token = try world.minted("agent:root")
        }

        func ask(
            _ headers: [(name: String, value: String)], query: String = "", token: String? = nil
        ) throws -> Answer {
            try world.handler.send(
                "GET", "/verify" + query,
                headers: [
                    (name: "X-Mayfly-Resource", value: credential),
                    (name: "Authorization", value: "Bearer " + (token ?? self.token)),
                ] + headers)
        }

        func ask(_ method: String, _ uri: String, query: String = "", token: String? = nil) throws -> Answer {
            try ask(
                [(name: "X-Original-Method", value: method), (name: "X-Original-URI", value: uri)], query: query,
                token: token)
        }
    }

    @Test func routesDecide() throws {
        let proxy = try Proxy()
        let allowed = try proxy.ask("GET", "/tickets/7?x=/admin")
        #expect(allowed.status == 200)
        #expect(allowed.header("X-Mayfly-Agent") == "agent:root")
        #expect(try proxy.ask("GET", "/tickets").status == 200)
        #expect(try proxy.ask("GET", "/tickets/").status == 200)
        #expect(try proxy.ask("POST", "/tickets").status == 200)
        for (method, uri) in [
            ("DELETE", "/tickets"), ("get", "/tickets"), ("GET", "/ticketsx"), ("GET", "/Tickets"), ("GET", "/"),
            ("GET", "/admin"), ("GET", "/other"),
        ] {
            let answer = try proxy.ask(method, uri)
            #expect(answer.status == 403, "\(method) \(uri)")
            #expect(answer.header("WWW-Authenticate")?.contains("insufficient_scope") == true)
        }
    }

    @Test(arguments: [
        "/tickets/../admin", "/tickets/%2e%2e/admin", "/tickets/%2E./admin", "/tickets/./x", "//tickets", "/tickets//x",
        "/tickets%2fx", "/tickets%2Fx", "/tickets/%5cx", "/tickets\\x", "/tickets;x", "/tickets/;/admin",
        "/tickets/%3bx", "/tickets/%00", "/tickets/%0a", "/tickets/%20", "/tickets/%7f", "/tickets/%25x", "/tickets/%",
        "/tickets/%4", "/tickets/%zz", "tickets", "http://x/tickets", "*", "", "/tickets/#/../admin", "/tickets#x",
        "/tickets/%c0%ae", "/tickets/%ff", "/tickets/..;/admin", "/tickets/ x",
    ])
    func pathThatTwoCouldReadDifferentlyIsRefused(_ uri: String) throws {
        let proxy = try Self.shared.get()
        #expect(try proxy.ask("GET", uri).status == 403)
    }

    @Test func decodedPathIsTheOneThatDecides() throws {
        let proxy = try Self.shared.get()
        #expect(try proxy.ask("GET", "/%74ickets/7").status == 200)
        #expect(try proxy.ask("GET", "/%61dmin").status == 403)
        #expect(try proxy.ask("GET", "/tickets/%C3%A9").status == 200)
    }

    /// Traefik sends X-Forwarded-Uri and hands on the client's own X-Original-URI; nginx the other way about.
    @Test func clientCannotNameAnotherPathBesideTheProxys() throws {
        let proxy = try Self.shared.get()
        let original = [(name: "X-Original-Method", value: "GET"), (name: "X-Original-URI", value: "/tickets")]
        let forwarded = [(name: "X-Forwarded-Method", value: "GET"), (name: "X-Forwarded-Uri", value: "/admin")]
        #expect(try proxy.ask(original).status == 200)
        #expect(
            try proxy.ask([(name: "X-Forwarded-Method", value: "GET"), (name: "X-Forwarded-Uri", value: "/tickets")])
                .status == 200)
        #expect(try proxy.ask(original + forwarded).status == 403)
        #expect(try proxy.ask(forwarded + original).status == 403)
        #expect(try proxy.ask([original[1]] + forwarded).status == 403)
        #expect(try proxy.ask(original + original).status == 403)
        #expect(try proxy.ask([original[0]]).status == 403)
        #expect(try proxy.ask([original[1]]).status == 403)
    }

    @Test func scopeThatTheProxyDemandsCannotBeDropped() throws {
        let proxy = try Self.shared.get()
        #expect(try proxy.ask("GET", "/tickets", query: "?scope=tickets.write").status == 200)
        #expect(try proxy.ask("GET", "/elsewhere", query: "?scope=tickets.write").status == 200)
        for query in [
            "?scope=tickets.admin", "?scope=tickets.admin&scope=tickets.read",
            "?scope=tickets.read&scope=tickets.admin",
            "?scope=", "?scope=a%20b", "?scope=%22",
        ] {
            #expect(try proxy.ask("GET", "/tickets", query: query).status == 403, "\(query)")
        }
    }

    @Test func proxyMustProveItsResourceAndTheTokenMustBeForIt() throws {
        let proxy = try Proxy()
        let world = proxy.world
        let mail = try world.minted("agent:root", [("resource", "mail")])
        #expect(try proxy.ask("GET", "/tickets", token: mail).status == 401)
        #expect(
            try proxy.ask("GET", "/tickets", token: "x").header("WWW-Authenticate")?.contains("invalid_token") == true)
        let path = [(name: "X-Original-Method", value: "GET"), (name: "X-Original-URI", value: "/tickets")]
        let bearer = (name: "Authorization", value: "Bearer \(proxy.token)")
        let credential = (name: "X-Mayfly-Resource", value: proxy.credential)
        #expect(try world.handler.send("GET", "/verify", headers: path + [bearer]).status == 403)
        #expect(
            try world.handler.send("GET", "/verify", headers: path + [bearer, credential, credential]).status == 403)
        let none = try world.handler.send("GET", "/verify", headers: path + [credential])
        #expect(none.status == 401)
        #expect(none.header("WWW-Authenticate") == "Bearer realm=\"mayfly\"")
        #expect(try world.handler.send("GET", "/verify", headers: path + [credential, bearer, bearer]).status == 401)
        _ = try world.post("/oauth2/revoke", as: "agent:root", [("token", proxy.token)])
        #expect(try proxy.ask("GET", "/tickets").status == 401)
    }

    private static let shared = Result { try Proxy() }
}
