import Dispatch
import Glibc
import MayflyModel
import Synchronization
import Testing

/// Tools that ask about an action without a pause, each over its own connection, until the broker is gone.
struct SpendingCrowd {
    let desk: Desk
    /// The workers take turns with them.
    let tokens: [String]
    let workers: Int

    /// Kills the broker once `count` actions were allowed; answers how many were in the end.
    func spendUntilKilled(after count: Int) throws -> Int {
        let port = desk.broker.port
        let headers = [("Content-Type", "application/json"), ("Authorization", try desk.basic("tickets"))]
        let requests = tokens.map { token in
            let body =
                #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"read"},"#
                + #""resource":{"type":"note","id":"1"}}"#
            return HTTP.bytes("POST", "/access/v1/evaluation", headers, Array(body.utf8))
        }
        let allowed = Allowed()
        let group = DispatchGroup()
        for worker in 0..<workers {
            let request = requests[worker % requests.count]
            DispatchQueue(label: "spend.\(worker)").async(group: group) {
                while let connection = try? HTTPConnection(port: port), connection.send(request),
                    let answer = try? connection.answer(), answer.object["decision"]?.boolValue == true
                {
                    allowed.count.add(1, ordering: .relaxed)
                }
            }
        }
        let end = ContinuousClock.now + .seconds(60)
        while allowed.count.load(ordering: .relaxed) < count {
            try #require(ContinuousClock.now < end, "the broker allowed too little")
            sched_yield()
        }
        try desk.broker.kill()
        group.wait()
        return allowed.count.load(ordering: .relaxed)
    }

    private final class Allowed: Sendable {
        let count = Atomic(0)
    }
}
