import MayflyBroker
import MayflyModel
import MayflyPolicy
import Synchronization

/// `POST /access/v1/evaluation` and `/access/v1/evaluations` (AuthZEN Authorization API 1.0).
///
/// The token goes in `subject` as `{"type": "access_token", "id": TOKEN}`.
enum EvaluationEndpoint {
    /// Questions of one boxcarred request.
    static let maximumEvaluations = 32

    static func single(_ call: Call) -> HTTPOutcome {
        answer(call) { body throws(Refusal) in
            (try [.success(Evaluation(body, defaults: [:]))], try options(body["options"]), false)
        }
    }

    static func several(_ call: Call) -> HTTPOutcome {
        answer(call) { body throws(Refusal) in
            let items = try list(body["evaluations"])
            guard !items.isEmpty else {
                return (try [.success(Evaluation(body, defaults: [:]))], try options(body["options"]), false)
            }
            guard items.count <= maximumEvaluations else { throw Refusal(400, "too many evaluations at once") }
            let options = try options(body["options"])
            let evaluations = items.map { item in
                Result { () throws(Refusal) in
                    guard let question = item.objectValue else { throw Refusal(400, "an evaluation is an object") }
                    return try Evaluation(question, defaults: body)
                }
            }
            return (evaluations, options, true)
        }
    }

    private static func list(_ value: JSONValue?) throws(Refusal) -> [JSONValue] {
        guard let value else { return [] }
        guard let items = value.arrayValue else { throw Refusal(400, "evaluations is an array") }
        return items
    }

    private static func options(_ value: JSONValue?) throws(Refusal) -> Options {
        var options = Options()
        guard let value else { return options }
        guard let object = value.objectValue else { throw Refusal(400, "options is an object") }
        if let value = object["evaluations_semantic"] {
            guard let semantic = value.stringValue.flatMap(Semantic.init(rawValue:)) else {
                throw Refusal(400, "options.evaluations_semantic is not known")
            }
            options.semantic = semantic
        }
        if let value = object["access_request"] {
            guard let asksPeople = value.boolValue else {
                throw Refusal(400, "options.access_request is true or false")
            }
            options.asksPeople = asksPeople
        }
        return options
    }

    /// How the questions of one request are to be answered.
    struct Options: Sendable {
        var semantic = Semantic.executeAll
        /// An extension of Mayfly's: whether people are asked about what policy wants approved.
        var asksPeople = true
    }

    enum Semantic: String, Sendable {
        case executeAll = "execute_all"
        case denyOnFirstDeny = "deny_on_first_deny"
        case permitOnFirstPermit = "permit_on_first_permit"

        func stops(after isAllowed: Bool) -> Bool {
            switch self {
            case .executeAll: false
            case .denyOnFirstDeny: !isAllowed
            case .permitOnFirstPermit: isAllowed
            }
        }
    }

    /// An error answer: a status, and a message that says nothing about the decision.
    struct Refusal: Error {
        let status: Int
        let message: String
        /// What the answer says of how to authenticate; nil where that was not what was wrong.
        let challenge: String?

        init(_ status: Int, _ message: String, challenge: String? = nil) {
            (self.status, self.message, self.challenge) = (status, message, challenge)
        }
    }

    private static func answer(
        _ call: Call, _ read: (JSONObject) throws(Refusal) -> ([Result<Evaluation, Refusal>], Options, Bool)
    ) -> HTTPOutcome {
        let requestID = EvaluationReply.RequestID(call.request.header("X-Request-ID"))
        do throws(Refusal) {
            let asker = try asker(call)
            guard call.request.hasContentType("application/json") else { throw Refusal(400, "the body must be JSON") }
            guard let body = try? JSONParser.parseObject(call.request.body) else {
                throw Refusal(400, "the body is not an acceptable JSON object")
            }
            let (evaluations, options, isList) = try read(body)
            if let wait = call.broker.limits.refusesVerification(for: asker.asker, count: evaluations.count) {
                return .reply(requestID.on(LimitReply.evaluation(after: wait)))
            }
            let run = EvaluationRun(
                broker: call.broker, asker: asker.asker, evaluations: evaluations, options: options, isList: isList,
                requestID: requestID)
            return .parked { parked in
                run.prepare(as: asker.client) { result in
                    switch result {
                    case .success: run.start(into: parked)
                    case .failure(let error): parked.finish(requestID.on(EvaluationReply.failure(error)))
                    }
                }
            }
        } catch {
            return .reply(requestID.on(EvaluationReply.refusal(error)))
        }
    }

    /// Answers who may ask about tokens, and only looks: nothing is decided and nothing spent.
    static func look(
        _ call: Call, _ answer: @escaping @Sendable (VerificationService.Asker) -> HTTPReply
    ) -> HTTPOutcome {
        do throws(Refusal) {
            let (asker, client) = try asker(call)
            if let wait = call.broker.limits.refusesVerification(for: asker) {
                return .reply(LimitReply.evaluation(after: wait))
            }
            return .parked { parked in
                call.broker.consume(client) { result in
                    switch result {
                    case .success: parked.finish(answer(asker))
                    case .failure(let error): parked.finish(EvaluationReply.failure(error))
                    }
                }
            }
        } catch {
            return .reply(EvaluationReply.refusal(error))
        }
    }

    /// Who asks, and the proof of it that is to be used up.
    static func asker(
        _ call: Call
    ) throws(Refusal) -> (asker: VerificationService.Asker, client: AuthenticatedClient) {
        do throws(OAuthError) {
            if let asker = try AskerAuthentication.bearer(call.request, broker: call.broker) {
                return (asker, AuthenticatedClient(client: .broker(asker), mark: nil))
            }
            guard let header = call.request.only("Authorization"),
                case .basic(let credentials) = try? AuthorizationHeader.parse(header)
            else { throw OAuthError(.invalidClient, "authenticate with HTTP Basic or a bearer token") }
            let client = try call.broker.authenticator.authenticate(
                name: credentials.clientID, secret: Array(credentials.secret.utf8))
            return (try AskerAuthentication.asker(client.client), client)
        } catch {
            let challenge = OAuthReply.challenge(error.code) ?? OAuthReply.challenge(.invalidClient)
            throw Refusal(error.code == .insufficientScope ? 403 : 401, error.description, challenge: challenge)
        }
    }
}

extension Client {
    /// The client that an asker is.
    static func broker(_ asker: VerificationService.Asker) -> Client {
        switch asker {
        case .resource(let name): .resource(name)
        case .admin(let id): .admin(id)
        }
    }
}
