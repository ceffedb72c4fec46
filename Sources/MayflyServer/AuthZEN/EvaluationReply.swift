import MayflyBroker
import MayflyModel
import MayflyPolicy

/// Answers of the AuthZEN endpoints.
enum EvaluationReply {
    /// What one question came to.
    enum Answer: Sendable {
        case decided(Ruling)
        case refused(EvaluationEndpoint.Refusal)

        var isAllowed: Bool {
            switch self {
            case .decided(let ruling): ruling.decision.isAllowed
            case .refused: false
            }
        }
    }

    static func answers(
        _ answers: [Answer], isList: Bool, requestID: RequestID, issuer: String
    ) -> HTTPReply {
        var writer = JSONWriter()
        if isList {
            writer.beginObject()
            writer.name("evaluations")
            writer.beginArray()
        }
        for answer in answers {
            switch answer {
            case .decided(let ruling): write(ruling, issuer: issuer, into: &writer)
            case .refused(let refusal): write(refusal, into: &writer)
            }
        }
        if isList {
            writer.endArray()
            writer.endObject()
        }
        return requestID.on(HTTPReply(status: 200, contentType: .json, body: writer.bytes))
    }

    /// The caller's name for a request, which every answer to it repeats.
    struct RequestID: Sendable {
        private let text: String?

        /// One that is longer than 128 bytes, or is no visible ASCII, is not repeated.
        init(_ text: String?) {
            let isVisible = text?.utf8.allSatisfy { (0x21...0x7E).contains($0) } ?? false
            self.text = text.flatMap { $0.utf8.count <= 128 && isVisible ? $0 : nil }
        }

        func on(_ reply: HTTPReply) -> HTTPReply {
            guard let text else { return reply }
            var reply = reply
            reply.headers.append(("X-Request-ID", text))
            return reply
        }
    }

    static func refusal(_ refusal: EvaluationEndpoint.Refusal) -> HTTPReply {
        var reply = message(refusal.status, refusal.message)
        if let challenge = refusal.challenge { reply.headers.append(("WWW-Authenticate", challenge)) }
        return reply
    }

    /// An error body is a message string (AuthZEN §10.1.3) and says nothing about the decision.
    static func message(_ status: Int, _ text: String) -> HTTPReply {
        HTTPReply(status: status, contentType: .json, body: JSONWriter.bytes(of: .string(text)))
    }

    static func failure(_ error: BrokerError) -> HTTPReply {
        switch error {
        case .oauth(let refusal):
            return self.refusal(
                EvaluationEndpoint.Refusal(
                    refusal.code.status, refusal.description, challenge: OAuthReply.challenge(refusal.code)))
        case .unavailable(let reason):
            var reply = message(503, reason.advice)
            reply.headers.append(("Retry-After", "1"))
            return reply
        case .notFound, .alreadyExists, .stale, .conflict, .forbidden, .invalid:
            return message(400, "the request does not fit the broker's state")
        }
    }

    private static func write(_ refusal: EvaluationEndpoint.Refusal, into writer: inout JSONWriter) {
        let error: JSONObject = ["status": .integer(Int64(refusal.status)), "message": .string(refusal.message)]
        writer.value(.object(["decision": .bool(false), "context": .object(["error": .object(error)])]))
    }

    private static func write(_ ruling: Ruling, issuer: String, into writer: inout JSONWriter) {
        let decision = ruling.decision
        writer.beginObject()
        writer.name("decision")
        writer.bool(decision.isAllowed)
        writer.name("context")
        writer.beginObject()
        writer.name("reason")
        writer.string(decision.rule)
        if let detail = decision.detail {
            writer.name("about")
            writer.string(detail)
        }
        if let seconds = decision.retryAfter {
            writer.name("retry_after")
            writer.integer(seconds)
        }
        if case .allow(_, let notAfter) = decision {
            writer.name("obligations")
            writer.beginArray()
            writer.beginObject()
            writer.name("id")
            writer.string("not_after")
            writer.name("value")
            writer.integer(notAfter)
            writer.endObject()
            writer.endArray()
        }
        if let reservation = ruling.reservation {
            writer.name("reservation")
            writer.string(reservation)
        }
        if let policy = ruling.policy {
            writer.name("policy")
            writer.value(.object(policy.json))
        }
        if let supervision = ruling.supervision {
            writer.name("supervision")
            writer.value(.object(SupervisionReply.brief(supervision)))
        }
        if let request = ruling.accessRequest {
            writer.name("access_request")
            writer.value(.object(AccessRequestEndpoint.json(request, issuer: issuer, name: "auth_req_id")))
        }
        if let remaining = ruling.remaining {
            writer.name("remaining")
            writer.value(.object(remaining.json))
        }
        writer.endObject()
        writer.endObject()
    }
}
