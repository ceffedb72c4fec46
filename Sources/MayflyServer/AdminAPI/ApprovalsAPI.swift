import MayflyBroker
import MayflyCrypto
import MayflyModel
import MayflyPolicy

/// `/api/v1/approvals`: what agents want approved, and the people's word on it.
enum ApprovalsAPI {
    static let endpoints = [list, read, vote(true), vote(false)]

    private static let list = Endpoint(
        "GET", "/api/v1/approvals", "List requests for approval, the oldest first", access: .readApprovals,
        success: (200, "ApprovalPage"), query: ["limit", "cursor", "state"]
    ) { call throws(Failure) in
        let wanted = try Page.choice("state", ApprovalRequest.State.self, call.request)
        return .reply(
            try Page.reply(
                call.request, name: "approvals", sorted: call.broker.approvals.requests(for: call.reader(), in: wanted),
                place: { Page.place($0.request.createdAt, $0.request.id.text) }, show: json))
    }

    private static let read = Endpoint(
        "GET", "/api/v1/approvals/{id}", "Read a request for approval", access: .readApprovals,
        success: (200, "Approval")
    ) { call throws(Failure) in
        let id = try id(call)
        guard let view = call.broker.approvals.request(id, for: try call.reader()) else { throw .broker(.notFound) }
        return .reply(AdminReply.object(json(view)))
    }

    private static func vote(_ approves: Bool) -> Endpoint {
        Endpoint(
            "POST", "/api/v1/approvals/{id}/\(approves ? "approve" : "deny")",
            approves ? "An owner agrees to exactly this request" : "An owner or administrator refuses the request",
            access: approves ? .approve : .deny, request: "ApprovalVote", success: (200, "Approval")
        ) { call throws(Failure) in
            let (id, reader) = (try id(call), try call.reader())
            let reason = try reason(call)
            return .waiting({
                call.broker.approvals.vote(
                    approves, on: id, by: reader, signedIn: call.caller.epoch, reason: reason, $0)
            }) { AdminReply.object(json($0)) }
        }
    }

    private static func id(_ call: Call) throws(Failure) -> ApprovalID {
        guard let id = call.parameters["id"].flatMap({ ApprovalID($0) }) else { throw .broker(.notFound) }
        return id
    }

    /// The body of a person's word: a reason, and nothing else.
    static func reason(_ call: Call) throws(Failure) -> String {
        var fields = try call.fields()
        return try RegistryAPI.field { () throws(FieldError) in
            let text = try RegistryAPI.requiredReason(&fields)
            try fields.finish()
            return text
        }
    }

    private static func json(_ view: ApprovalDesk.View) -> JSONObject {
        let request = view.request
        var object: JSONObject = ["id": .string(request.id.text), "state": .string(view.state.rawValue)]
        for member in request.subject.json.members { object[member.name] = member.value }
        object["message"] = request.message.map { .string($0) }
        object["terms"] = .array(request.terms.map { .object($0.json) })
        object["votes"] = .array(
            request.votes.map { vote in
                var shown = vote.json
                shown["epoch"] = nil
                return .object(shown)
            })
        object["created"] = .string(RFC3339.format(request.createdAt))
        object["expires"] = .string(RFC3339.format(request.lapsesAt))
        object["expires_in"] = .integer(view.secondsLeft)
        object["sha256"] = .string(Base64URL.encode(request.digest.bytes))
        return object
    }
}
