import MayflyBroker
import MayflyCrypto

/// Stands before the endpoints: what costs a client's signature goes through the lane, everything else straight on.
///
/// Administrators' revocations, questions of tools, decisions, health and keys never wait behind minting. Enrolment is
/// in the lane because anyone may send a proof, and checking one costs a signature; so are clients that prove
/// themselves by one to end a token, to ask about it or to bring a further key, in a line of their own.
package final class AdmittingHandler: HTTPHandler {
    private let inner: any HTTPHandler
    package let lane: WorkLane
    /// Where bundles of policy are examined, one at a time: that can take seconds.
    private let desk: WorkLane

    /// Starts the lanes' workers; `isDownstreamFull` says that what they produce cannot be taken.
    package init(
        before inner: any HTTPHandler, bounds: WorkLane.Bounds, telemetry: Telemetry? = nil,
        isDownstreamFull: @escaping @Sendable () -> Bool
    ) throws(HTTPServerError) {
        self.inner = inner
        let places = Endpoints.all.map(\.template)
        let shed: @Sendable (HTTPRequest, Int64) -> HTTPReply = { request, wait in
            telemetry?.shed(request, route: places.firstIndex(of: request.path) ?? RequestDurations.noRoute)
            return Self.shed(request, retryAfter: wait)
        }
        lane = try WorkLane(
            bounds: bounds, isDownstreamFull: isDownstreamFull, shed: shed, work: { inner.handle($0) })
        do throws(HTTPServerError) {
            desk = try WorkLane(bounds: .desk, shed: shed, work: { inner.handle($0) })
        } catch {
            lane.stop()
            throw error
        }
    }

    package func handle(_ request: HTTPRequest) -> HTTPOutcome {
        switch Self.place(of: request) {
        case .here: inner.handle(request)
        case .lane(let line): lane.admit(request, to: line)
        case .desk: desk.admit(request, to: .ordinary)
        }
    }

    /// Works off what waits, takes nothing more, and returns when no worker runs.
    package func stop() {
        lane.stop()
        desk.stop()
    }

    package func admit(_ head: HTTPRequest, bodyOf bytes: Int) -> LargeBody {
        inner.admit(head, bodyOf: bytes)
    }

    package func reject(status: Int, request: RejectedRequest) -> HTTPReply {
        inner.reject(status: status, request: request)
    }

    /// Who works on a request.
    private enum Place {
        /// The thread that brings it.
        case here
        case lane(WorkLane.Line)
        case desk
    }

    /// The place of a request, by its path.
    ///
    /// Nobody has proven anything yet: whoever claims an administrator's scope gets into the administrators' line, and
    /// can fill that one alone.
    private static func place(of request: HTTPRequest) -> Place {
        guard request.method == "POST" else { return .here }
        let segments = request.segments
        switch segments.first {
        case "oauth2" where segments.count == 2: return place(ofOAuth: segments[1], request)
        case "api" where segments.count == 3 && segments[1] == "v1":
            switch segments[2] {
            case "enrol": return .lane(.ordinary)
            case "policies", "policy-check": return .desk
            default: return .here
            }
        // A further key, signed in by an older one.
        case "api" where segments.count == 5 && segments[4] == "keys": return .lane(.proving)
        default: return .here
        }
    }

    private static func place(ofOAuth endpoint: String, _ request: HTTPRequest) -> Place {
        switch endpoint {
        // A secret and a token cost no signature; without either a client proves itself by one.
        case "introspect": request.fields.contains("Authorization") ? .here : .lane(.proving)
        case "token": .lane(namesAdministrativeScope(request.body) ? .administrative : .ordinary)
        case "bc-authorize": .lane(.ordinary)
        case "revoke": .lane(.proving)
        default: .here
        }
    }

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
        guard request.segments.first != "api" else {
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

extension WorkLane.Bounds {
    /// One request at a time, a few that wait, and none that the server's threads work on.
    fileprivate static var desk: WorkLane.Bounds {
        var bounds = WorkLane.Bounds()
        bounds.maximumJobs = 8
        bounds.maximumWait = 30_000_000_000
        bounds.worksAlone = false
        return bounds
    }
}
