import MayflyBroker
import MayflyCrypto

/// Stands before the endpoints: what costs a signature goes through the lane, everything else straight on.
///
/// Revocation, introspection, decisions, health and keys never wait behind minting. Enrolment is in the lane because
/// anyone may send a proof, and checking one costs a signature.
package final class AdmittingHandler: HTTPHandler {
    private let inner: any HTTPHandler
    package let lane: MintLane

    /// Starts the lane's workers; `isDownstreamFull` says that what they produce cannot be taken.
    package init(
        before inner: any HTTPHandler, bounds: MintLane.Bounds, telemetry: Telemetry? = nil,
        isDownstreamFull: @escaping @Sendable () -> Bool
    ) throws(HTTPServerError) {
        self.inner = inner
        let places = Endpoints.all.map(\.template)
        lane = try MintLane(
            bounds: bounds, isDownstreamFull: isDownstreamFull,
            shed: { request, wait in
                telemetry?.shed(request, route: places.firstIndex(of: request.path) ?? RequestDurations.noRoute)
                return Self.shed(request, retryAfter: wait)
            },
            work: { inner.handle($0) })
    }

    package func handle(_ request: HTTPRequest) -> HTTPOutcome {
        guard let line = Self.line(of: request) else { return inner.handle(request) }
        return lane.admit(request, to: line)
    }

    package func admit(_ head: HTTPRequest, bodyOf bytes: Int) -> LargeBody {
        inner.admit(head, bodyOf: bytes)
    }

    package func reject(status: Int, request: RejectedRequest) -> HTTPReply {
        inner.reject(status: status, request: request)
    }

    /// The lane's line for a request that belongs in the lane.
    ///
    /// Nobody has proven anything yet: whoever claims an administrator's scope gets into the administrators' line, and
    /// can fill that one alone.
    private static func line(of request: HTTPRequest) -> MintLane.Line? {
        guard request.method == "POST" else { return nil }
        if request.segments == tokenEndpoint {
            return namesAdministrativeScope(request.body) ? .administrative : .ordinary
        }
        return request.segments == enrolment || request.segments == backchannelEndpoint ? .ordinary : nil
    }

    private static let tokenEndpoint = ["oauth2", "token"]
    private static let backchannelEndpoint = ["oauth2", "bc-authorize"]
    private static let enrolment = ["api", "v1", "enrol"]
    private static let parameter = Array("scope".utf8)
    private static let administrativeScope = Array("mayfly.".utf8)

    /// Whether `scope=mayfly.` stands anywhere in the form; a form has a few `=` only.
    private static func namesAdministrativeScope(_ body: [UInt8]) -> Bool {
        var rest = body[...]
        while let equals = ByteSearch.index(of: UInt8(ascii: "="), in: rest) {
            rest = body[(equals + 1)...]
            if rest.starts(with: administrativeScope), body[..<equals].suffix(parameter.count) == parameter[...] {
                return true
            }
        }
        return false
    }

    private static func shed(_ request: HTTPRequest, retryAfter: Int64) -> HTTPReply {
        let advice = BrokerError.Unavailability.overloaded.advice
        let wait = ("Retry-After", "\(retryAfter)")
        guard request.segments != enrolment else {
            return Problem.reply(
                503, type: "unavailable", title: "The broker has more to do than it can", detail: advice,
                headers: [wait])
        }
        var reply = OAuthReply.error(OAuthError(.temporarilyUnavailable, advice))
        reply.headers.removeAll { $0.name == "Retry-After" }
        reply.headers.append(wait)
        return reply
    }
}
