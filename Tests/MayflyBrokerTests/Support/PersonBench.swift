internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// A world with an OpenID provider whose people may be acted for.
final class PersonBench: Sendable {
    static let issuer = "https://login.example"
    static let application = "chat-frontend"
    static let identityTokenType = "urn:ietf:params:oauth:token-type:id_token"
    static let alice = "person:corp:24400320"

    let world: World
    let key: PrivateKey

    init(in world: World? = nil) throws {
        key = try PrivateKey.generate(.es256)
        let world = try world ?? World()
        self.world = world
        let set = JSONWriter.bytes(of: .object(FakeSite.set([("p1", key)])))
        let answer = try world.admin(
            "POST", "/api/v1/apply",
            #"""
            {"roles": [
               {"id": "role:clerk", "scopes": ["tickets.read", "tickets.admin"], "authorization_details": [
                 {"resource": "tickets", "type": "refund", "queues": ["a"],
                  "amount": {"amount": "10.00", "currency": "EUR"}, "read_only": false}]},
               {"id": "role:writer", "scopes": ["tickets.write"]}],
             "providers": [
               {"id": "provider:corp", "issuer": "\#(Self.issuer)", "jwks": \#(String(decoding: set, as: UTF8.self)),
                "people": {"audiences": ["\#(Self.application)"], "rules": [
                  {"claims": {"groups": "clerks"}, "roles": ["role:clerk"]},
                  {"claims": {"groups": "writers"}, "roles": ["role:writer"]},
                  {"subject": {"pattern": "boss-*"}, "roles": ["role:writer"]}]}},
               {"id": "provider:machines", "issuer": "https://machines.example",
                "jwks": \#(String(decoding: set, as: UTF8.self))}]}
            """#)
        try #require(answer.status == 200, "\(answer.text)")
    }

    func identity(
        type: String? = "JWT", keyID: String? = "p1", key: PrivateKey? = nil,
        _ edit: (inout JSONObject) -> Void = { _ in }
    ) throws -> String {
        let now = world.clock.now().seconds
        var claims: JSONObject = [
            "iss": .string(Self.issuer), "sub": .string("24400320"), "aud": .string(Self.application),
            "iat": .integer(now), "exp": .integer(now + 600), "groups": .array([.string("staff"), .string("clerks")]),
        ]
        edit(&claims)
        return try TrustBench.sign(claims, type: type, keyID: keyID, key: key ?? self.key)
    }

    func exchange(
        _ identity: String, as agent: String = "agent:root", type: String = PersonBench.identityTokenType,
        _ more: Form = [("resource", "tickets")]
    ) throws -> Answer {
        try world.post("/oauth2/token", as: agent, form(identity, type: type) + more)
    }

    func form(_ identity: String, type: String = PersonBench.identityTokenType) -> Form {
        [("grant_type", World.exchange), ("subject_token", identity), ("subject_token_type", type)]
    }

    /// A token on Alice's behalf that must be given.
    func token(_ more: Form = [("resource", "tickets")]) throws -> String {
        let answer = try exchange(try identity(), more)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.accessToken
    }

    func claims(_ compact: String) throws -> JSONObject {
        try JWS.parse(Array(compact.utf8)).claims()
    }
}
