import MayflyBroker
import MayflyModel

/// `POST /access/v1/settle`, an extension of Mayfly's: how much of a reservation an action really used.
///
/// Who asked for the decision proves who it is as it did then, and sends
/// `{"reservation": ID, "used": {"cost": {"amount": "3.10", "currency": "USD"}, "records": 4}}`.
enum SettlementEndpoint {
    static func run(_ call: Call) -> HTTPOutcome {
        do throws(EvaluationEndpoint.Refusal) {
            let asker = try EvaluationEndpoint.asker(call)
            if let wait = call.broker.limits.refusesVerification(for: asker.asker) {
                return .reply(LimitReply.evaluation(after: wait))
            }
            let (reservation, used) = try read(call.request)
            let broker = call.broker
            return .parked { parked in
                broker.consume(asker.client) { result in
                    switch result {
                    case .success:
                        broker.verification.settle(reservation, used: used, for: asker.asker) {
                            parked.finish(reply($0))
                        }
                    case .failure(let error): parked.finish(EvaluationReply.failure(error))
                    }
                }
            }
        } catch {
            return .reply(EvaluationReply.refusal(error))
        }
    }

    private static func read(
        _ request: HTTPRequest
    ) throws(EvaluationEndpoint.Refusal) -> (reservation: String, used: Amounts) {
        guard request.hasContentType("application/json"), let body = try? JSONParser.parseObject(request.body) else {
            throw EvaluationEndpoint.Refusal(400, "the body is not an acceptable JSON object")
        }
        do throws(FieldError) {
            var fields = FieldReader(body)
            let reservation = try fields.string("reservation", maximum: TokenID.maximumLength)
            guard var inner = try fields.object("used") else { throw fields.failure("used", .missing) }
            let used = try Amounts(&inner)
            try inner.finish()
            try fields.finish()
            return (reservation, used)
        } catch {
            throw EvaluationEndpoint.Refusal(400, error.description)
        }
    }

    private static func reply(_ result: Result<VerificationService.Settled, BrokerError>) -> HTTPReply {
        switch result {
        case .success(let settled):
            let body: JSONObject = [
                "reservation": .string(settled.reservation), "returned": .object(settled.returned.json),
                "remaining": .object(settled.remaining.json),
            ]
            return HTTPReply(status: 200, contentType: .json, body: JSONWriter.bytes(of: .object(body)))
        case .failure(.conflict(let text)): return EvaluationReply.message(409, text)
        case .failure(.invalid(let error)): return EvaluationReply.message(400, error.description)
        case .failure(let error): return EvaluationReply.failure(error)
        }
    }
}
