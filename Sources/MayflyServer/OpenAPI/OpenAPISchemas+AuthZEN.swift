import MayflyBroker
import MayflyModel

/// The shapes of the endpoints at which tools ask.
extension OpenAPISchemas {
    /// The members of where people stand on an action, with its id under `name`.
    private static func accessRequest(_ name: String) -> JSONObject {
        [
            name: text("of the question that people were asked"),
            "status": text(values: AccessRequest.Status.allCases.map(\.rawValue)),
            "reason": text("why nobody was asked", values: AccessRequest.Reason.allCases.map(\.rawValue)),
            "expires_at": text("RFC 3339"), "expires_in": integer, "interval": integer,
            "status_endpoint": text("answers the same to the resource that asked"),
        ]
    }

    private static let subject = JSONValue.object(
        object([
            "type": text(values: ["access_token"]), "id": text("the token"),
            "properties": .object(
                object([
                    "client_certificate": text("the certificate that the token came with, in PEM or base64"),
                    "dpop": .object(
                        object(
                            [
                                "proof": text("the DPoP proof that came with the token"),
                                "method": text("of the request that it came with"), "uri": text("of that request"),
                            ], required: ["proof", "method", "uri"])),
                ])),
        ]))

    static let authzen: [(String, JSONObject)] = [
        (
            "Evaluation",
            object(
                [
                    "subject": subject, "action": anyObject, "resource": anyObject, "context": anyObject,
                    "options": anyObject,
                ],
                required: ["subject", "action", "resource"])
        ),
        (
            "Evaluations",
            object([
                "subject": subject, "action": anyObject, "resource": anyObject, "context": anyObject,
                "evaluations": list(anyObject), "options": anyObject,
            ])
        ),
        (
            "EvaluationDecision",
            object(
                [
                    "decision": flag,
                    "context": .object(
                        object([
                            "reason": text("a stable code"), "about": text("the scope, member or quota in question"),
                            "retry_after": integer, "obligations": list(anyObject),
                            "reservation": text("by which some of it may come back"), "policy": anyObject,
                            "supervision": reference("SupervisionBrief"),
                            "access_request": reference("AccessRequest"), "remaining": reference("Amounts"),
                            "error": anyObject,
                        ])),
                ], required: ["decision"])
        ),
        ("AccessRequest", object(accessRequest("auth_req_id"), required: ["status"])),
        (
            "AccessRequestTask",
            object(
                ["task": .object(object(accessRequest("id"), required: ["id", "status"]))], required: ["task"])
        ),
        (
            "EvaluationDecisions",
            object(["evaluations": list(reference("EvaluationDecision"))], required: ["evaluations"])
        ),
        (
            "Settlement",
            object(
                ["reservation": text("from the decision's context"), "used": reference("Amounts")],
                required: ["reservation", "used"], isClosed: true)
        ),
        (
            "Settled",
            object(
                ["reservation": text(), "returned": reference("Amounts"), "remaining": reference("Amounts")],
                required: ["reservation", "returned", "remaining"])
        ),
        (
            "Amounts",
            object(["calls": integer, "cost": reference("Money"), "records": integer], isClosed: true)
        ),
        (
            "Money",
            object(
                ["amount": text("a decimal, such as 12.50"), "currency": text("ISO 4217")],
                required: ["amount", "currency"], isClosed: true)
        ),
        (
            "AuthZENMetadata",
            object([
                "policy_decision_point": text(), "access_evaluation_endpoint": text(),
                "access_evaluations_endpoint": text(),
            ])
        ),
    ]
}
