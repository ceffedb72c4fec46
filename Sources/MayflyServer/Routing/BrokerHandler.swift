package import MayflyBroker
import MayflyModel

/// Takes every request to its endpoint.
package struct BrokerHandler: HTTPHandler {
    private let broker: Broker
    private let router: Router<Endpoint>

    package init(broker: Broker) {
        self.broker = broker
        router = Router(Endpoints.all.map { Route($0.method, $0.template, $0) })
    }

    package func handle(_ request: HTTPRequest) -> HTTPOutcome {
        switch router.lookup(method: request.method, path: request.path, segments: request.segments) {
        case .notFound:
            return .reply(Problem.nothingHere)
        case .methodNotAllowed(let allow):
            return .reply(
                Problem.reply(
                    405, type: "method-not-allowed", title: "The path does not take this method",
                    headers: [("Allow", allow.joined(separator: ", "))]))
        case .match(let route, let parameters):
            return run(route.value, request, parameters)
        }
    }

    package func reject(status: Int, request: RejectedRequest) -> HTTPReply {
        let title =
            switch status {
            case 413: "The body is larger than \(HTTPLimits().maximumBody) bytes"
            case 414, 431: "The header is larger than \(HTTPLimits().maximumHeader) bytes"
            case 503: "The request could not be finished in time"
            default: "The request is not one that can be read"
            }
        return Problem.reply(status, type: "rejected", title: title)
    }

    private func run(_ endpoint: Endpoint, _ request: HTTPRequest, _ parameters: [String: String]) -> HTTPOutcome {
        do throws(Failure) {
            let actor = try AccessRule.actor(of: request, for: endpoint.access, broker: broker)
            return try endpoint.run(Call(request: request, parameters: parameters, broker: broker, actor: actor))
        } catch {
            return .reply(Problem.reply(for: error))
        }
    }
}
