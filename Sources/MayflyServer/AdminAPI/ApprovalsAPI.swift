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
        var wanted: ApprovalRequest.State?
        if let text = try Page.query("state", call.request) {
            guard let state = ApprovalRequest.State(rawValue: text) else {
                throw .badQuery("state is one of: " + states.joined(separator: ", "))
            }
            wanted = state
        }
        let views = call.broker.approvals.requests(for: try reader(call), in: wanted)
        return .reply(
            try Page.reply(
                call.request, name: "approvals",
                records: views.map { (Page.place($0.request.createdAt, $0.request.id.text), json($0)) }))
    }

    private static let read = Endpoint(
        "GET", "/api/v1/approvals/{id}", "Read a request for approval", access: .readApprovals,
        success: (200, "Approval")
    ) { call throws(Failure) in
        let id = try id(call)
        guard let view = call.broker.approvals.request(id, for: try reader(call)) else { throw .broker(.notFound) }
        return .reply(AdminReply.object(json(view)))
    }

    private static func vote(_ approves: Bool) -> Endpoint {
        Endpoint(
            "POST", "/api/v1/approvals/{id}/\(approves ? "approve" : "deny")",
            approves ? "An owner agrees to exactly this request" : "An owner or administrator refuses the request",
            access: approves ? .approve : .deny, request: "ApprovalVote", success: (200, "Approval")
        ) { call throws(Failure) in
            let (id, reader) = (try id(call), try reader(call))
            let reason = try reason(call)
            return .waiting({
                call.broker.approvals.vote(
                    approves, on: id, by: reader, signedIn: call.caller.epoch, reason: reason, $0)
            }) { AdminReply.object(json($0)) }
        }
    }

    private static var states: [String] { ApprovalRequest.State.allCases.map(\.rawValue) }

    /// The access rule lets nobody else in.
    private static func reader(_ call: Call) throws(Failure) -> ApprovalDesk.Reader {
        guard let reader = ApprovalDesk.Reader(call.actor) else { throw .unauthorized }
        return reader
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
