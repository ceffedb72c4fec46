package import MayflyModel

/// A DPoP proof that a tool was sent with a token, and the request that it came with; the broker checks it (RFC 9449).
public struct ShownProof: Equatable, Sendable {
    /// The value of the one `DPoP` header.
    public var proof: String
    public var method: String
    /// The URL as callers write it; scheme and host from the tool's own configuration, not from `Host`.
    public var url: String

    public init(proof: String, method: String, url: String) {
        (self.proof, self.method, self.url) = (proof, method, url)
    }
}

/// What a token is to be used for (AuthZEN 1.0 §5).
public struct ActionRequest: Equatable, Sendable {
    public var action: String
    public var resourceType: String
    public var resourceID: String
    /// A JSON object as text: limits such as an amount; nil for none.
    public var properties: String?
    /// Whether people are asked about what policy wants approved; an agreement that is there is used up all the same.
    public var asksPeople = true
    /// What came with the token; without it a bound token allows nothing.
    public var proof: ShownProof?
    /// The certificate that the token came with, in PEM or as base64 of its DER (RFC 8705 §3).
    public var certificate: String?

    public init(action: String, resourceType: String, resourceID: String, properties: String? = nil) {
        self.action = action
        self.resourceType = resourceType
        self.resourceID = resourceID
        self.properties = properties
    }
}

extension BrokerClient {
    /// Asks whether a token is active, and what it says (RFC 7662); the JSON answer as text.
    ///
    /// With a `proof` a token whose proof does not hold is not active; without one the caller looks at `cnf` itself.
    public func introspect(
        token: String, proof: ShownProof? = nil, certificate: String? = nil, as asker: Asker
    ) throws(ClientError) -> String {
        let answer = try introspection(of: token, proof: proof, certificate: certificate, as: asker)
        return String(decoding: JSONWriter.bytes(of: .object(answer)), as: UTF8.self)
    }

    /// Asks whether a token allows an action now (AuthZEN 1.0); false for a token that is not active.
    public func evaluate(
        _ request: ActionRequest, token: String, as asker: Asker
    ) throws(ClientError) -> Bool {
        let answer = try decision(request, token: token, as: asker)
        guard let decision = answer["decision"]?.boolValue else { throw .unexpectedAnswer(status: 200) }
        return decision
    }

    package func introspection(
        of token: String, proof: ShownProof? = nil, certificate: String? = nil, as asker: Asker
    ) throws(ClientError) -> JSONObject {
        var form = FormBody()
        form.add("token", token)
        form.add("dpop", proof?.proof)
        form.add("dpop_method", proof?.method)
        form.add("dpop_uri", proof?.url)
        form.add("client_certificate", certificate)
        let answer: ClientAnswer
        switch asker {
        case .secret(let name, let secret):
            answer = try send(
                "POST", "/oauth2/introspect", headers: [Self.formType, Asker.basic(name, secret)], body: form.bytes)
        case .key(let credential): answer = try send(form, to: "/oauth2/introspect", as: credential)
        }
        let object = try AnswerReader.object(answer)
        guard object["active"]?.boolValue != nil else { throw .unexpectedAnswer(status: answer.status) }
        return object
    }

    package func decision(
        _ request: ActionRequest, token: String, as asker: Asker
    ) throws(ClientError) -> JSONObject {
        var action: JSONObject = ["name": .string(request.action)]
        if let text = request.properties {
            guard let properties = try? JSONParser.parseObject(Array(text.utf8)) else {
                throw .invalidInput("the properties are not one JSON object")
            }
            action["properties"] = .object(properties)
        }
        var subject: JSONObject = ["type": .string("access_token"), "id": .string(token)]
        var properties = JSONObject()
        properties["client_certificate"] = request.certificate.map { .string($0) }
        if let shown = request.proof {
            let dpop: JSONObject = [
                "proof": .string(shown.proof), "method": .string(shown.method), "uri": .string(shown.url),
            ]
            properties["dpop"] = .object(dpop)
        }
        if !properties.members.isEmpty { subject["properties"] = .object(properties) }
        var body: JSONObject = [
            "subject": .object(subject),
            "action": .object(action),
            "resource": .object(["type": .string(request.resourceType), "id": .string(request.resourceID)]),
        ]
        if !request.asksPeople { body["options"] = .object(["access_request": .bool(false)]) }
        let authorization: (name: String, value: String)
        switch asker {
        case .secret(let name, let secret): authorization = Asker.basic(name, secret)
        case .key(let credential):
            let own = try requestToken(TokenRequest(scope: "mayfly.introspect"), as: credential)
            authorization = ("Authorization", "Bearer " + own.token)
        }
        let answer = try AnswerReader.object(
            try send(
                "POST", "/access/v1/evaluation", headers: [Self.jsonType, authorization],
                body: JSONWriter.bytes(of: .object(body))))
        guard answer["decision"]?.boolValue != nil else { throw .unexpectedAnswer(status: 200) }
        return answer
    }
}
