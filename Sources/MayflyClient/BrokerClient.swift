internal import MayflyCrypto
internal import MayflyModel

/// An agent's or tool's side of the broker: tokens, delegation, introspection, decisions, enrolment.
///
/// Assertions are made for one issuer and never sent to a server that says it is another (RFC 8414 §3.3).
public final class BrokerClient: Sendable {
    /// The broker's identity, which assertions are for.
    public let issuer: String
    let server: ServerURL
    /// Where clients are asked for their certificates (RFC 8705 §5); the server itself where it names no other place.
    let mutual: ServerURL
    let transport: HTTPTransport
    package let assertions: AssertionMaker

    /// Asks the server at `url` who it is; it must be the issuer of that very URL.
    ///
    /// A client with a certificate asks for tokens where the server says that it wants to see one.
    public convenience init(url: String, tls: ClientTLS = ClientTLS()) throws(ClientError) {
        let server = try ServerURL(url)
        let transport = try HTTPTransport(tls: tls)
        let metadata = try AnswerReader.object(try transport.send(ClientRequest("GET", server.metadata)))
        guard let issuer = metadata["issuer"]?.stringValue else { throw .unexpectedAnswer(status: 200) }
        guard issuer.utf8.elementsEqual(server.text.utf8) else { throw .issuerMismatch }
        let alias =
            tls.certificateFile == nil
            ? nil : metadata["mtls_endpoint_aliases"]?.objectValue?["token_endpoint"]?.stringValue
        let mutual = try alias.map { endpoint throws(ClientError) in
            guard endpoint.hasSuffix(Self.tokenPath) else { throw .unexpectedAnswer(status: 200) }
            return try ServerURL(String(endpoint.dropLast(Self.tokenPath.utf8.count)))
        }
        self.init(issuer: issuer, server: server, mutual: mutual, transport: transport, clock: SystemClock())
    }

    /// Speaks to the server at `url` as to `issuer`, which the caller knows from elsewhere.
    public convenience init(url: String, issuer: String, tls: ClientTLS = ClientTLS()) throws(ClientError) {
        self.init(
            issuer: issuer, server: try ServerURL(url), transport: try HTTPTransport(tls: tls), clock: SystemClock())
    }

    init(
        issuer: String, server: ServerURL, mutual: ServerURL? = nil, transport: HTTPTransport, clock: any WallClock
    ) {
        self.mutual = mutual ?? server
        self.issuer = issuer
        self.server = server
        self.transport = transport
        assertions = AssertionMaker(issuer: issuer, clock: clock)
    }

    /// Sends a request to a path of the broker.
    package func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) throws(ClientError) -> ClientAnswer {
        try send(method, path, at: server, headers, body)
    }

    private func send(
        _ method: String, _ path: String, at server: ServerURL, _ headers: [(name: String, value: String)],
        _ body: [UInt8]?
    ) throws(ClientError) -> ClientAnswer {
        var request = ClientRequest(method, server.text + path)
        request.headers = headers
        request.body = body
        return try transport.send(request)
    }

    /// Sends a form with the client's assertion in it, or with its name where the connection's certificate proves it.
    func send(
        _ form: FormBody, to path: String, as credential: AgentCredential,
        headers: [(name: String, value: String)] = []
    ) throws(ClientError) -> ClientAnswer {
        var form = form
        if credential.key == nil {
            form.add("client_id", credential.clientID)
        } else {
            form.add("client_assertion_type", AssertionMaker.assertionType)
            form.add("client_assertion", try assertions.assertion(for: credential).compact)
        }
        return try send("POST", path, at: mutual, [Self.formType] + headers, form.bytes)
    }

    static let formType = (name: "Content-Type", value: "application/x-www-form-urlencoded")
    package static let jsonType = (name: "Content-Type", value: "application/json")
}
