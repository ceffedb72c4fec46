import MayflyBroker
import MayflyModel

/// `/api/v1/notices`: who is told of what happens, and what still waits for them.
enum NoticesAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/notices", "List the routes of notices, with what waits for each", access: .read,
            success: (200, "NoticeRoutes")
        ) { call in
            let routes = call.broker.notices.backlogs().map { backlog -> JSONValue in
                var object: JSONObject = [
                    "name": .string(backlog.route.name), "events": .array(backlog.route.events.map { .string($0) }),
                    "waiting": .integer(Int64(backlog.count)),
                ]
                object["oldest"] = backlog.oldest.map { .string(RFC3339.format($0)) }
                return .object(object)
            }
            return .reply(AdminReply.object(["routes": .array(routes)]))
        },
        Endpoint(
            "POST", "/api/v1/notices/test", "Tell one route something, to try it out", access: .admin,
            request: "NoticeTest", success: (204, nil)
        ) { call throws(Failure) in
            var fields = try call.fields()
            let name = try RegistryAPI.field { () throws(FieldError) in
                let name = try fields.string("route", maximum: NoticeRoute.maximumNameLength)
                try fields.finish()
                return name
            }
            return .waiting({ call.broker.notices.test(name, by: call.actor, $0) }) { _ in AdminReply.empty }
        },
    ]
}
