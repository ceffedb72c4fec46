import MayflyBroker
import MayflyModel

/// `GET /access/v1/access-requests/{id}`: what has become of an action that people were asked about, for the tool.
///
/// The shape is that of the task status of the AuthZEN Access Request and Approval profile (draft). A look changes
/// nothing and allows nothing: the tool asks about the action again. An id that is unknown, another resource's, or of a
/// question about a token is one and the same 404.
enum AccessRequestEndpoint {
    static let path = "/access/v1/access-requests/"

    static func run(_ call: Call) -> HTTPOutcome {
        EvaluationEndpoint.look(call) { asker in
            let id = call.parameters["id"].flatMap { ApprovalID($0) }
            guard let found = id.flatMap({ call.broker.verification.accessRequest($0, for: asker) }) else {
                return EvaluationReply.message(404, "no such request, or not this resource's")
            }
            let task = json(found, issuer: call.broker.settings.issuer, name: "id")
            return AdminReply.object(["task": .object(task)])
        }
    }

    /// The members of one request, with its id under `name`.
    static func json(_ request: AccessRequest, issuer: String, name: String) -> JSONObject {
        var object: JSONObject = [:]
        object[name] = request.id.map { .string($0.text) }
        object["status"] = .string(request.status.rawValue)
        object["reason"] = request.reason.map { .string($0.rawValue) }
        object["expires_at"] = request.expiresAt.map { .string(RFC3339.format($0)) }
        object["expires_in"] = request.expiresIn.map { .integer($0) }
        object["interval"] = request.interval.map { .integer($0) }
        object["status_endpoint"] = request.id.map { .string(issuer + path + $0.text) }
        return object
    }
}
