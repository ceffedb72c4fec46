package import MayflyBroker
import MayflyModel

/// Takes every request to its endpoint.
package struct BrokerHandler: HTTPHandler {
    /// An endpoint, and where it stands in `Endpoints.all`.
    private struct Place: Sendable {
        let endpoint: Endpoint
        let position: Int
    }

    private let broker: Broker
    private let router: Router<Place>
    private let telemetry: Telemetry?
    private let certificates: CertificateSource?
    private let largeBodies = LargeBodyPlaces(Self.maximumLargeBodies)

    /// Requests with a body past `HTTPLimits.maximumBody` that are under way at one time.
    package static let maximumLargeBodies = 4

    /// Takes client certificates from connections, and from proxies where `certificates` names some.
    package init(broker: Broker, telemetry: Telemetry? = nil, certificates: CertificateSource? = nil) {
        self.broker = broker
        self.certificates = certificates
        self.telemetry = telemetry
        router = Router(
            Endpoints.all.enumerated().map { position, endpoint in
                Route(endpoint.method, endpoint.template, Place(endpoint: endpoint, position: position))
            })
    }

    package func handle(_ request: HTTPRequest) -> HTTPOutcome {
        let (outcome, route) = answer(request)
        return telemetry?.observe(outcome, of: request, route: route) ?? outcome
    }

    /// Also answers the endpoint's place in `Endpoints.all`, or `RequestDurations.noRoute`.
    private func answer(_ request: HTTPRequest) -> (outcome: HTTPOutcome, route: Int) {
        switch router.lookup(method: request.method, path: request.path, segments: request.segments) {
        case .notFound:
            return (.reply(Problem.nothingHere), RequestDurations.noRoute)
        case .methodNotAllowed(let allow):
            let reply = Problem.reply(
                405, type: "method-not-allowed", title: "The path does not take this method",
                headers: [("Allow", allow.joined(separator: ", "))])
            return (.reply(reply), RequestDurations.noRoute)
        case .match(let route, let parameters):
            return (run(route.value.endpoint, request, parameters), route.value.position)
        }
    }

    /// Lets in whom the endpoint lets in, before the body: a stranger takes neither memory nor one of the places.
    package func admit(_ head: HTTPRequest, bodyOf bytes: Int) -> LargeBody {
        guard
            case .match(let route, _) = router.lookup(
                method: head.method, path: head.path, segments: head.segments),
            let largest = route.value.endpoint.largestBody, bytes <= largest
        else { return .tooLarge }
        do throws(Failure) {
            _ = try AccessRule.caller(of: head, for: route.value.endpoint.access, broker: broker)
        } catch {
            return refuse(Problem.reply(for: error), head, route.value)
        }
        guard let place = largeBodies.take() else { return refuse(Problem.tooManyLargeBodies, head, route.value) }
        return .granted(place)
    }

    private func refuse(_ reply: HTTPReply, _ head: HTTPRequest, _ place: Place) -> LargeBody {
        _ = telemetry?.observe(.reply(reply), of: head, route: place.position)
        return .refused(reply)
    }

    /// The endpoint that a refused request was for.
    private func endpoint(of request: RejectedRequest) -> Endpoint? {
        guard let target = try? RequestTarget.parse(request.targetBytes),
            case .match(let route, _) = router.lookup(method: request.method, segments: target.segments)
        else { return nil }
        return route.value.endpoint
    }

    private func tooLarge(_ request: RejectedRequest) -> String {
        let usual = HTTPLimits().maximumBody
        guard let largest = endpoint(of: request)?.largestBody else { return "The body is larger than \(usual) bytes" }
        return "The body is larger than \(largest) bytes, or than \(usual) without a Content-Length"
    }

    package func reject(status: Int, request: RejectedRequest) -> HTTPReply {
        // The 503 of a parked request is noted with that request.
        if status != 503 { telemetry?.rejected(request, status: status) }
        let title =
            switch status {
            case 413: tooLarge(request)
            case 414, 431: "The header is larger than \(HTTPLimits().maximumHeader) bytes"
            case 503: "The request could not be finished in time"
            default: "The request is not one that can be read"
            }
        return Problem.reply(status, type: "rejected", title: title)
    }

    private func run(_ endpoint: Endpoint, _ request: HTTPRequest, _ parameters: [String: String]) -> HTTPOutcome {
        guard broker.permit.isValid || endpoint.answersAlone else { return .reply(noLease(endpoint)) }
        let certificate: PresentedCertificate?
        do throws(CertificateSource.Refusal) {
            certificate = try CertificateSource.certificate(of: request, by: certificates)
        } catch {
            return .reply(refused(error, at: endpoint))
        }
        do throws(Failure) {
            let caller = try AccessRule.caller(of: request, for: endpoint.access, broker: broker)
            return try endpoint.run(
                Call(
                    request: request, parameters: parameters, broker: broker, caller: caller,
                    metrics: telemetry?.page, certificate: certificate))
        } catch {
            return .reply(Problem.reply(for: error))
        }
    }

    /// A certificate in a header, where none is to be believed.
    private func refused(_ refusal: CertificateSource.Refusal, at endpoint: Endpoint) -> HTTPReply {
        if endpoint.template.hasPrefix("/oauth2/") {
            return OAuthReply.error(OAuthError(.invalidClient, refusal.words))
        }
        // Proxies understand 403 and not 400.
        if endpoint.template == "/verify" { return VerifyEndpoint.plain(403, refusal.words) }
        return Problem.reply(400, type: "client-certificate", title: refusal.words)
    }

    /// What this node says while others do not count on it.
    private func noLease(_ endpoint: Endpoint) -> HTTPReply {
        let reason = BrokerError.unavailable(.noLease)
        return endpoint.template.hasPrefix("/oauth2/") ? OAuthReply.error(reason) : Problem.reply(for: .broker(reason))
    }
}
