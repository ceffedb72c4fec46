import MayflyBroker
import MayflyModel

/// `GET /access/v1/supervisions/{id}`, an extension of Mayfly's: whether people took back what tier 2 let through.
///
/// For tools that settle their work when it is final, and for those that missed the notice. A tool finds what was
/// decided about tokens for itself; everything else is not there.
enum SupervisionEndpoint {
    static func run(_ call: Call) -> HTTPOutcome {
        EvaluationEndpoint.look(call) { asker in
            guard let view = call.broker.supervisions.supervision(call.parameters["id"] ?? "", for: asker) else {
                return EvaluationReply.message(404, "nothing of this name is under supervision")
            }
            return AdminReply.object(SupervisionReply.state(view))
        }
    }
}
