import MayflyBroker
import MayflyModel

/// `/api/v1/supervisions`: what tier 2 let through, and taking it back.
enum SupervisionsAPI {
    static let endpoints = [list, read, reverse]

    private static let list = Endpoint(
        "GET", "/api/v1/supervisions", "List what was let through in tier 2, the oldest first", access: .readApprovals,
        success: (200, "SupervisionPage"), query: ["limit", "cursor", "state"]
    ) { call throws(Failure) in
        let wanted = try Page.choice("state", Supervision.State.self, call.request)
        return .reply(
            try Page.reply(
                call.request, name: "supervisions",
                sorted: call.broker.supervisions.supervisions(for: call.reader(), in: wanted),
                place: { Page.place($0.supervision.openedAt, $0.supervision.id) }, show: SupervisionReply.json))
    }

    private static let read = Endpoint(
        "GET", "/api/v1/supervisions/{id}", "Read what was let through in tier 2", access: .readApprovals,
        success: (200, "Supervision")
    ) { call throws(Failure) in
        let view = call.broker.supervisions.supervision(call.parameters["id"] ?? "", for: try call.reader())
        guard let view else { throw .broker(.notFound) }
        return .reply(AdminReply.object(SupervisionReply.json(view)))
    }

    private static let reverse = Endpoint(
        "POST", "/api/v1/supervisions/{id}/reverse", "Take it back: its token ends, and everything below it",
        access: .deny, request: "Reversal", success: (200, "Supervision")
    ) { call throws(Failure) in
        let (id, reader) = (call.parameters["id"] ?? "", try call.reader())
        let reason = try ApprovalsAPI.reason(call)
        return .waiting({
            call.broker.supervisions.reverse(id, by: reader, signedIn: call.caller.epoch, reason: reason, $0)
        }) { AdminReply.object(SupervisionReply.json($0)) }
    }
}
