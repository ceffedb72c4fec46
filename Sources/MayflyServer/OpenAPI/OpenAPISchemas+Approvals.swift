import MayflyBroker
import MayflyModel

/// The shapes of the endpoints at which people decide, and take back.
extension OpenAPISchemas {
    static let approvals: [(String, JSONObject)] = [
        (
            "Approval",
            object(
                [
                    "id": text("the auth_req_id"),
                    "state": text(values: ApprovalRequest.State.allCases.map(\.rawValue)),
                    "operation": text(values: ApprovalSubject.Asked.names), "agent": text(),
                    "owner": text(), "resource": text(), "scopes": list(text()),
                    "authorization_details": list(anyObject), "action": text("with the operation action"),
                    "thing": .object(object(["type": text(), "id": text()])),
                    "context": anyObject, "chain": list(text()), "task": text(), "delegates": list(text()),
                    "life": integer, "composition": text("of the program that asks"), "bundle": text(),
                    "message": text("the client's own words; nobody vouches for them"), "terms": list(anyObject),
                    "votes": list(
                        .object(
                            object([
                                "approver": text(), "vote": text(values: ["approve", "deny"]), "reason": text(),
                                "at": text("RFC 3339"),
                            ]))), "created": text("RFC 3339"), "expires": text("RFC 3339"), "expires_in": integer,
                    "sha256": text("base64url, over all that was asked for"),
                ], required: ["id", "state"])
        ),
        ("ApprovalPage", page("approvals", "Approval")),
        (
            "BackchannelRequest",
            object([
                "client_assertion_type": text(), "client_assertion": text(), "client_id": text(), "scope": text(),
                "resource": text(), "authorization_details": text(), "context": text("a JSON object, for policy"),
                "task": text(), "delegates": text(), "lifetime": text(),
                "composition": text("what the agent is made of; the poll presents it, too"),
                "binding_message": text("shown to people; nobody vouches for it"),
                "requested_expiry": text("seconds, within the window of the policy"),
                "login_hint": text("the agent's owner, or a group that policy asks; may be left out"),
            ])
        ),
        (
            "BackchannelResponse",
            object(
                ["auth_req_id": text(), "expires_in": integer, "interval": integer],
                required: ["auth_req_id", "expires_in", "interval"])
        ),
        ("ApprovalVote", object(["reason": text("why; the ledger keeps it")], required: ["reason"], isClosed: true)),
    ]

    private static let supervisionState = text(values: Supervision.State.allCases.map(\.rawValue))

    static let supervisions: [(String, JSONObject)] = [
        (
            "Supervision",
            object(
                [
                    "id": text(), "state": supervisionState, "agent": text(),
                    "asker": text("who asked for the decision"),
                    "resource": text("the audience"), "scope": text(), "action": text(), "task": text(),
                    "trace": text(), "jti": text("the token that ends when it is taken back"), "chain": list(anyObject),
                    "cost": reference("Money"), "records": integer, "rule": text(), "opened": text("RFC 3339"),
                    "reversible_until": text("RFC 3339"), "reversible_in": integer, "reversal": anyObject,
                ], required: ["id", "state", "agent", "jti", "opened", "reversible_until"])
        ),
        ("SupervisionPage", page("supervisions", "Supervision")),
        (
            "SupervisionBrief",
            object(["id": text(), "reversible_until": text("RFC 3339")], required: ["id", "reversible_until"])
        ),
        (
            "SupervisionState",
            object(
                ["id": text(), "state": supervisionState, "reversible_until": text("RFC 3339"), "reason": text()],
                required: ["id", "state", "reversible_until"])
        ),
        ("Reversal", object(["reason": text("why; the ledger keeps it")], required: ["reason"], isClosed: true)),
        (
            "NoticeRoutes",
            object(
                [
                    "routes": list(
                        .object(
                            object(
                                [
                                    "name": text(), "events": list(text()), "waiting": integer,
                                    "oldest": text("RFC 3339"),
                                ],
                                required: ["name", "events", "waiting"])))
                ], required: ["routes"])
        ),
        ("NoticeTest", object(["route": text("its name")], required: ["route"], isClosed: true)),
    ]
}
