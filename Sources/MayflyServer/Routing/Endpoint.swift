import MayflyBroker
import MayflyModel

/// One operation of the HTTP surface: where it is, who may call it, what it does.
///
/// A class, because every request looks one up: one reference instead of a dozen.
package final class Endpoint: Sendable {
    /// Who may call; checked before `run`.
    package enum Access: String, Sendable {
        /// Anyone; the endpoint itself proves what it must.
        case open
        /// A bearer token with `mayfly.read` or `mayfly.admin`.
        case read
        /// A bearer token with `mayfly.admin`.
        case admin
        /// An owner's bearer token with `mayfly.approve`; no administrator's.
        case approve
        /// An owner's with `mayfly.approve`, or an administrator's with `mayfly.admin`: a denial, a review.
        case deny
        /// An owner's with `mayfly.approve`, or an administrator's with `mayfly.read` or `mayfly.admin`.
        case readApprovals
    }

    package let method: String
    package let template: String
    package let summary: String
    package let access: Access
    /// Name of the request body's schema in the OpenAPI document.
    package let requestSchema: String?
    /// Form fields rather than JSON.
    package let isForm: Bool
    /// Status of success, and the name of its schema.
    package let success: (status: Int, schema: String?)
    /// Query parameters by name.
    package let query: [String]
    /// Header fields that say something here and nowhere else, by name.
    package let headers: [String]
    /// Whether a change demands `If-Match`.
    package let needsETag: Bool
    /// Bytes of a body that an authorized caller may send; nil for no more than anybody.
    let largestBody: Int?
    /// Whether it answers also when this node may say nothing of the state: what a node is, and how it is.
    let answersAlone: Bool
    let run: @Sendable (Call) throws(Failure) -> HTTPOutcome

    init(
        _ method: String, _ template: String, _ summary: String, access: Access = .open, request: String? = nil,
        isForm: Bool = false, success: (Int, String?) = (200, nil), query: [String] = [], headers: [String] = [],
        needsETag: Bool = false,
        largestBody: Int? = nil,
        run: @escaping @Sendable (Call) throws(Failure) -> HTTPOutcome
    ) {
        self.method = method
        self.template = template
        self.summary = summary
        self.access = access
        requestSchema = request
        self.isForm = isForm
        self.success = success
        self.query = query
        self.headers = headers
        self.needsETag = needsETag
        self.largestBody = largestBody
        answersAlone =
            template.hasPrefix("/.well-known/")
            || ["/healthz", "/readyz", "/metrics", "/openapi.json"].contains(template)
        self.run = run
    }
}

/// A request on its way through an endpoint.
struct Call: Sendable {
    let request: HTTPRequest
    let parameters: [String: String]
    let broker: Broker
    /// Who called, for endpoints with an access rule.
    let caller: AccessRule.Caller
    /// Nil when `GET /metrics` is switched off.
    let metrics: MetricsPage?
    /// What the client has proven to hold the key of, to the broker or to a proxy in front of it.
    var certificate: PresentedCertificate?

    /// The caller's name for the ledger.
    var actor: String { caller.name }

    /// Who called, where the access rule lets owners and administrators in and nobody else.
    func reader() throws(Failure) -> ApprovalDesk.Reader {
        guard let reader = ApprovalDesk.Reader(actor) else { throw .unauthorized(isTokenSent: true) }
        return reader
    }

    /// The path parameter as an identifier of the kind, with or without its prefix.
    func identifier<K: IdentifierKind>(_ name: String, _ kind: Identifier<K>.Type) throws(Failure) -> Identifier<K> {
        guard let id = parameters[name].flatMap({ Identifier<K>(lenient: $0) }) else { throw .broker(.notFound) }
        return id
    }

    /// The body as a JSON object's fields.
    func fields() throws(Failure) -> FieldReader {
        guard request.hasContentType("application/json") else { throw .unsupportedMediaType }
        do {
            return FieldReader(try JSONParser.parseObject(request.body))
        } catch {
            throw .json(error)
        }
    }
}

/// Why an endpoint answers with a problem.
enum Failure: Error, Sendable {
    case broker(BrokerError)
    case json(JSONError)
    case field(FieldError)
    /// No token, or one that means nothing here.
    case unauthorized(isTokenSent: Bool)
    /// The caller is known, and its token lacks the scope.
    case forbidden(scope: String)
    case unsupportedMediaType
    case preconditionRequired
    case badIfMatch
    case badQuery(String)
}
