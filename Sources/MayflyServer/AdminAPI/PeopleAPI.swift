import MayflyBroker
import MayflyModel

/// `/api/v1/people`: people of providers about whom something was decided.
enum PeopleAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/people", "List the people who have left, or whose tokens were ended", access: .read,
            success: (200, "PersonPage"), query: ["limit", "cursor"]
        ) { call throws(Failure) in
            let records = call.broker.state.read { $0.people.all.map { ($0.id.text, $0.stored) } }
            return .reply(try Page.reply(call.request, name: "people", records: records))
        },
        change(
            "leave", to: .left, "A person leaves: tokens on their behalf end, and none is made any more"),
        change("return", to: .active, "A person who has left comes back; what ended stays ended"),
    ]

    private static func change(_ step: String, to state: Person.State, _ summary: String) -> Endpoint {
        Endpoint(
            "POST", "/api/v1/people/{id}/\(step)", summary, access: .admin, request: "Reason",
            success: (200, "Person")
        ) { call throws(Failure) in
            guard let id = call.parameters["id"].flatMap({ PersonID($0) }) else { throw .broker(.notFound) }
            let reason = try RegistryAPI.reason(call)
            return .waiting({
                call.broker.administration.change(id, to: state, reason: reason, by: call.actor, $0)
            }) { AdminReply.object($0.stored) }
        }
    }
}
