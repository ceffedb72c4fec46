import MayflyBroker
import MayflyModel

/// `GET /access/v1/supervisions/{id}`, an extension of Mayfly's: whether people took back what tier 2 let through.
///
/// For tools that settle their work when it is final, and for those that missed the notice. A tool finds what was decided
/// about tokens for itself; everything else is not there.
enum SupervisionEndpoint {
    static func run(_ call: Call) -> HTTPOutcome {
        do throws(EvaluationEndpoint.Refusal) {
            let asker = try EvaluationEndpoint.asker(call)
            if let wait = call.broker.limits.refusesVerification(for: asker.asker) {
                return .reply(LimitReply.evaluation(after: wait))
            }
            let (broker, id) = (call.broker, call.parameters["id"] ?? "")
            return .parked { parked in
                broker.consume(asker.client) { result in
                    switch result {
                    case .success: parked.finish(reply(broker.supervisions.supervision(id, for: asker.asker)))
                    case .failure(let error): parked.finish(EvaluationReply.failure(error))
                    }
                }
            }
        } catch {
            return .reply(EvaluationReply.message(error.status, error.message))
        }
    }

    private static func reply(_ view: SupervisionDesk.View?) -> HTTPReply {
        guard let view else { return EvaluationReply.message(404, "nothing of this name is under supervision") }
        return AdminReply.object(SupervisionReply.state(view))
    }
}
