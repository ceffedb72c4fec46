internal import CertificateHarness
internal import MayflyBroker
internal import MayflyModel
internal import MayflyServer
internal import Testing

/// A broker that believes one authority, and clients with certificates.
final class CertificateBench: Sendable {
    static let root = Result { try TestAuthority() }
    static let other = Result { try TestAuthority(.authority("/O=Other/CN=Root")) }
    static let task: Form = [("grant_type", "client_credentials"), ("resource", "tickets")]

    let world: World
    let secret: String

    init(world: World? = nil) throws {
        self.world = try world ?? World()
        secret = try self.world.secret(of: "tickets")
        try believe(try Self.root.get())
    }

    /// Takes these authorities in the place of what was believed before.
    func believe(_ authority: TestAuthority?) throws {
        var settings = world.broker.settings
        settings.clientTrust = try ClientTrust(authorities: authority.map { Array($0.certificate.pem.utf8) })
        settings.mtlsURL = "https://mtls.example"
        world.broker.live.replace(with: settings)
    }

    /// Registers how an agent proves who it is.
    func register(_ agent: String = "agent:root", _ edit: (inout JSONObject) -> Void) throws -> Answer {
        try world.change("/api/v1/agents/\(agent)", edit)
    }

    static func shown(_ certificate: TestCertificate, _ chain: [TestCertificate] = []) throws -> PresentedCertificate {
        try #require(PresentedCertificate([certificate.der] + chain.map(\.der)))
    }

    static func issue(_ subject: String, _ names: String? = nil) throws -> TestCertificate {
        try root.get().issue(.named(subject, names))
    }

    func post(
        _ path: String, _ form: Form, showing certificate: PresentedCertificate?,
        headers: [(name: String, value: String)] = [], from address: String = "192.0.2.1",
        at handler: BrokerHandler? = nil
    ) throws -> Answer {
        try (handler ?? world.handler).send(
            "POST", path, headers: [Wire.formType] + headers, body: Wire.encode(form), from: address,
            showing: certificate)
    }

    /// Asks for a token as the agent that a certificate is to prove.
    func ask(
        _ agent: String = "agent:root", _ form: Form = task, showing certificate: PresentedCertificate?
    ) throws -> Answer {
        let answer = try post("/oauth2/token", form + [("client_id", agent)], showing: certificate)
        world.note(answer.accessToken)
        return answer
    }

    /// The same by the agent's key, on a connection with a certificate.
    func askByKey(
        _ agent: String, _ form: Form = task, showing certificate: PresentedCertificate?
    ) throws -> Answer {
        let assertion: Form = [
            ("client_assertion_type", World.assertionType), ("client_assertion", try world.assertion(agent)),
        ]
        return try post("/oauth2/token", form + assertion, showing: certificate)
    }

    func introspect(_ token: String, _ more: Form = []) throws -> Answer {
        try world.post(
            "/oauth2/introspect", as: nil, [("token", token)] + more,
            headers: [("Authorization", Wire.basic("tickets", secret))])
    }

    func evaluate(_ token: String, passing certificate: String?) throws -> Answer {
        var subject: JSONObject = ["type": .string("access_token"), "id": .string(token)]
        if let certificate { subject["properties"] = .object(["client_certificate": .string(certificate)]) }
        let body: JSONObject = [
            "subject": .object(subject), "action": .object(["name": .string("view")]),
            "resource": .object(["type": .string("ticket"), "id": .string("7")]),
        ]
        return try world.handler.send(
            "POST", "/access/v1/evaluation",
            headers: [Wire.jsonType, ("Authorization", Wire.basic("tickets", secret))],
            body: String(decoding: JSONWriter.bytes(of: .object(body)), as: UTF8.self))
    }

    func verify(_ token: String, scheme: String = "Bearer", showing certificate: PresentedCertificate?) throws -> Answer
    {
        try world.handler.send(
            "GET", "/verify",
            headers: [
                ("X-Mayfly-Resource", Wire.basic("tickets", secret)), ("Authorization", "\(scheme) \(token)"),
                ("X-Original-Method", "GET"), ("X-Original-URI", "/tickets/7"),
            ], showing: certificate)
    }
}
