package import MayflyModel

/// What a token is to be used for (AuthZEN 1.0 §5).
public struct ActionRequest: Equatable, Sendable {
    public var action: String
    public var resourceType: String
    public var resourceID: String
    /// A JSON object as text: limits such as an amount; nil for none.
    public var properties: String?
    /// Whether people are asked about what policy wants approved; an agreement that is there is used up all the same.
    public var asksPeople = true

    public init(action: String, resourceType: String, resourceID: String, properties: String? = nil) {
        self.action = action
        self.resourceType = resourceType
        self.resourceID = resourceID
        self.properties = properties
    }
}

extension BrokerClient {
    /// Asks whether a token is active, and what it says (RFC 7662); the JSON answer as text.
    public func introspect(token: String, as asker: Asker) throws(ClientError) -> String {
        String(decoding: JSONWriter.bytes(of: .object(try introspection(of: token, as: asker))), as: UTF8.self)
    }

    /// Asks whether a token allows an action now (AuthZEN 1.0); false for a token that is not active.
    public func evaluate(
        _ request: ActionRequest, token: String, as asker: Asker
    ) throws(ClientError) -> Bool {
        let answer = try decision(request, token: token, as: asker)
        guard let decision = answer["decision"]?.boolValue else { throw .unexpectedAnswer(status: 200) }
        return decision
    }

    package func introspection(of token: String, as asker: Asker) throws(ClientError) -> JSONObject {
        var form = FormBody()
        form.add("token", token)
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
        var body: JSONObject = [
            "subject": .object(["type": .string("access_token"), "id": .string(token)]),
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
