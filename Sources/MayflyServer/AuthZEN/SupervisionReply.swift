import MayflyBroker
import MayflyModel

/// What is under supervision, as the surfaces write it.
enum SupervisionReply {
    /// What goes with the answer that let it through.
    static func brief(_ supervision: Supervision) -> JSONObject {
        ["id": .string(supervision.id), "reversible_until": .string(RFC3339.format(supervision.lapsesAt))]
    }

    /// What a tool is told of it.
    static func state(_ view: SupervisionDesk.View) -> JSONObject {
        var object: JSONObject = [
            "id": .string(view.supervision.id), "state": .string(view.state.rawValue),
            "reversible_until": .string(RFC3339.format(view.supervision.lapsesAt)),
        ]
        object["reason"] = view.supervision.reversal.map { .string($0.reason) }
        return object
    }

    /// All of it, for people.
    static func json(_ view: SupervisionDesk.View) -> JSONObject {
        let supervision = view.supervision
        var object: JSONObject = ["id": .string(supervision.id), "state": .string(view.state.rawValue)]
        for member in supervision.stored.members where !["id", "opened", "lapses", "reversal"].contains(member.name) {
            object[member.name] = member.value
        }
        object["opened"] = .string(RFC3339.format(supervision.openedAt))
        object["reversible_until"] = .string(RFC3339.format(supervision.lapsesAt))
        object["reversible_in"] = .integer(view.secondsLeft)
        object["reversal"] = supervision.reversal.map { reversal in
            .object([
                "actor": .string(reversal.actor), "reason": .string(reversal.reason),
                "at": .string(RFC3339.format(reversal.at)),
            ])
        }
        return object
    }
}
