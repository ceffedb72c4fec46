internal import MayflyCrypto
internal import MayflyModel

/// An agent's or tool's side of the broker: tokens, delegation, introspection, decisions, enrolment.
///
/// Assertions are made for one issuer and never sent to a server that says it is another (RFC 8414 §3.3).
public final class BrokerClient: Sendable {
    /// The broker's identity, which assertions are for.
    public let issuer: String
    let server: ServerURL
    let transport: HTTPTransport
    package let assertions: AssertionMaker

    /// Asks the server at `url` who it is; it must be the issuer of that very URL.
    public convenience init(url: String) throws(ClientError) {
        let server = try ServerURL(url)
        let transport = try HTTPTransport()
        let metadata = try AnswerReader.object(try transport.send(ClientRequest("GET", server.metadata)))
        guard let issuer = metadata["issuer"]?.stringValue else { throw .unexpectedAnswer(status: 200) }
        guard issuer.utf8.elementsEqual(server.text.utf8) else { throw .issuerMismatch }
        self.init(issuer: issuer, server: server, transport: transport, clock: SystemClock())
    }

    /// Speaks to the server at `url` as to `issuer`, which the caller knows from elsewhere.
    public convenience init(url: String, issuer: String) throws(ClientError) {
        self.init(
            issuer: issuer, server: try ServerURL(url), transport: try HTTPTransport(), clock: SystemClock())
    }

    init(issuer: String, server: ServerURL, transport: HTTPTransport, clock: any WallClock) {
        self.issuer = issuer
        self.server = server
        self.transport = transport
        assertions = AssertionMaker(issuer: issuer, clock: clock)
    }

    /// Sends a request to a path of the broker.
    package func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) throws(ClientError) -> ClientAnswer {
        var request = ClientRequest(method, server.text + path)
        request.headers = headers
        request.body = body
        return try transport.send(request)
    }

    /// Sends a form with the client's assertion in it.
    func send(
        _ form: FormBody, to path: String, as credential: AgentCredential,
        headers: [(name: String, value: String)] = []
    ) throws(ClientError) -> ClientAnswer {
        var form = form
        form.add("client_assertion_type", AssertionMaker.assertionType)
        form.add("client_assertion", try assertions.assertion(for: credential).compact)
        return try send("POST", path, headers: [Self.formType] + headers, body: form.bytes)
    }

    static let formType = (name: "Content-Type", value: "application/x-www-form-urlencoded")
    package static let jsonType = (name: "Content-Type", value: "application/json")
}
