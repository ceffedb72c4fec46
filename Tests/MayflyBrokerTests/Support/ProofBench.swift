internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// A broker, and someone who makes proofs of possession: good ones, and whatever else may be sent.
final class ProofBench: Sendable {
    static let tokenURL = World.issuer + "/oauth2/token"
    static let ticketsURL = World.tickets + "/tickets/7"

    let world: World
    let key: PrivateKey
    let secret: String

    init(world: World? = nil) throws {
        self.world = try world ?? World()
        key = try PrivateKey.generate(.es256)
        secret = try self.world.secret(of: "tickets")
    }

    /// The same store and key behind a fresh broker.
    init(restarting bench: ProofBench) throws {
        world = try World(restarting: bench.world)
        (key, secret) = (bench.key, bench.secret)
    }

    typealias Edit = @Sendable (_ header: inout JSONObject, _ claims: inout JSONObject) throws -> Void

    /// A good proof for the token endpoint, or for another request, as `edit` leaves it.
    func proof(
        _ method: String = "POST", _ url: String = ProofBench.tokenURL, token: String? = nil, by key: PrivateKey? = nil,
        edit: Edit = { _, _ in }
    ) throws -> String {
        let key = key ?? self.key
        var header: JSONObject = [
            "typ": .string("dpop+jwt"), "alg": .string(key.algorithm.rawValue), "jwk": .object(key.publicKey.jwk),
        ]
        var claims: JSONObject = [
            "jti": .string(world.unique("proof")), "htm": .string(method), "htu": .string(url),
            "iat": .integer(world.clock.now().seconds),
        ]
        if let token {
            claims["ath"] = .string(Base64URL.encode(SHA256.digest(of: Array(token.utf8)).bytes))
        } else {
            claims["nonce"] = .string(try #require(world.broker.proofs.nonces.fresh()))
        }
        try edit(&header, &claims)
        let signed =
            Base64URL.encode(JSONWriter.bytes(of: .object(header))) + "."
            + Base64URL.encode(JSONWriter.bytes(of: .object(claims)))
        return signed + "." + Base64URL.encode(try key.sign(Array(signed.utf8)))
    }

    // MARK: Tokens

    static let task: Form = [("grant_type", "client_credentials"), ("resource", "tickets")]

    func ask(_ agent: String, _ form: Form = task, proofs: [String]) throws -> Answer {
        let answer = try world.post("/oauth2/token", as: agent, form, headers: proofs.map { ("DPoP", $0) })
        world.note(answer.accessToken)
        return answer
    }

    /// A token bound to the bench's key, or another.
    func bound(_ agent: String = "agent:root", _ form: Form = task, by key: PrivateKey? = nil) throws -> String {
        let answer = try ask(agent, form, proofs: [proof(by: key)])
        try #require(answer.status == 200 && answer.string("token_type") == "DPoP", "\(answer.text)")
        return answer.accessToken
    }

    static func exchangeForm(_ token: String) -> Form {
        [("grant_type", World.exchange), ("subject_token", token), ("subject_token_type", World.accessTokenType)]
    }

    static func claims(of token: String) throws -> JSONObject {
        try JWS.parse(Array(token.utf8)).claims()
    }

    static func thumbprint(in token: String) throws -> String? {
        try claims(of: token)["cnf"]?.objectValue?["jkt"]?.stringValue
    }

    // MARK: Questions

    func introspect(_ token: String, _ more: Form = []) throws -> Answer {
        try world.post(
            "/oauth2/introspect", as: nil, [("token", token)] + more,
            headers: [("Authorization", Wire.basic("tickets", secret))])
    }

    static func members(_ proof: String, _ method: String = "GET", _ url: String = ticketsURL) -> Form {
        [("dpop", proof), ("dpop_method", method), ("dpop_uri", url)]
    }

    func subject(_ token: String, _ proof: String?, _ method: String = "GET", _ url: String = ticketsURL) -> JSONValue {
        var subject: JSONObject = ["type": .string("access_token"), "id": .string(token)]
        if let proof {
            let dpop: JSONObject = ["proof": .string(proof), "method": .string(method), "uri": .string(url)]
            subject["properties"] = .object(["dpop": .object(dpop)])
        }
        return .object(subject)
    }

    func evaluate(
        _ token: String, _ proof: String?, method: String = "GET", url: String = ticketsURL, as asker: String? = nil
    ) throws -> Answer {
        try evaluations("evaluation", ["subject": subject(token, proof, method, url)])
    }

    func evaluations(_ path: String, _ more: JSONObject) throws -> Answer {
        var body: JSONObject = [
            "action": .object(["name": .string("view")]),
            "resource": .object(["type": .string("ticket"), "id": .string("7")]),
        ]
        for member in more.members { body[member.name] = member.value }
        return try world.handler.send(
            "POST", "/access/v1/" + path,
            headers: [Wire.jsonType, ("Authorization", Wire.basic("tickets", secret))],
            body: String(decoding: JSONWriter.bytes(of: .object(body)), as: UTF8.self))
    }

    /// What a proxy gets for a request of its client.
    func verify(
        _ authorization: String, _ proofs: [String], _ method: String = "GET", _ target: String = "/tickets/7"
    ) throws -> Answer {
        try world.handler.send(
            "GET", "/verify",
            headers: [
                ("X-Mayfly-Resource", Wire.basic("tickets", secret)), ("X-Original-Method", method),
                ("X-Original-URI", target), ("Authorization", authorization),
            ] + proofs.map { ("DPoP", $0) })
    }
}
