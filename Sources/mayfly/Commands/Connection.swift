import MayflyClient
import MayflyConfig
import MayflyModel

/// Which broker a command speaks to, and as whom: the options, and what comes of them.
enum Connection {
    static let serverOptions = [
        Option.value("server", "URL", "the broker (default $MAYFLY_SERVER, D's listener, http://127.0.0.1:8480)"),
        Option.value("issuer", "URL", "the broker's issuer, where it is not the server's own URL"),
        Option.value("dir", "D", "a broker's directory: its issuer, listener and admin key"),
        CertificateOptions.authority,
    ]

    static let adminOptions =
        serverOptions + [
            Option.value(
                "admin-key", "KEY", "the administrator's key (default $MAYFLY_ADMIN_KEY, D/keys/admin.pem)"),
            Option.value("admin", "ID", "the administrator (default admin:root)"),
        ] + KeySecrets.options

    static let keyOption = Option.value(
        "key", "KEY",
        "its key: a file, or pkcs11:token=LABEL;object=LABEL (default NAME.pem in $MAYFLY_KEYS or ~/.mayfly)")

    static let agentOptions =
        serverOptions + [
            Option.value("agent", "NAME", "the agent that asks (default $MAYFLY_AGENT)"), keyOption,
        ] + KeySecrets.options + CertificateOptions.certificate

    private static let defaultServer = "http://127.0.0.1:8480"

    /// The client for the broker that the options name.
    static func client(_ call: Invocation) throws(CommandError) -> BrokerClient {
        let config = try config(call)
        let tls = CertificateOptions.tls(call)
        let server =
            call.value("server") ?? call.variable("MAYFLY_SERVER")
            ?? config.flatMap {
                listener($0, showsCertificate: tls.certificateFile != nil)
            }
        let issuer = call.value("issuer") ?? config.flatMap(fixedIssuer)
        if server == nil, config != nil {
            throw call.usage("the directory's listener takes any free port; say with --server which it got")
        }
        let url = server ?? defaultServer
        return try attempt { () throws(ClientError) in
            if let issuer { return try BrokerClient(url: url, issuer: issuer, tls: tls) }
            return try BrokerClient(url: url, tls: tls)
        }
    }

    /// A session of the administrator that the options name.
    static func admin(_ call: Invocation) throws(CommandError) -> AdminSession {
        let credential = try adminCredential(call)
        return AdminSession(client: try client(call), credential: credential)
    }

    static func adminCredential(_ call: Invocation) throws(CommandError) -> AgentCredential {
        guard let admin = AdminID(lenient: call.value("admin") ?? "root") else {
            throw call.usage("--admin is not an administrator's name")
        }
        let config = try config(call)
        let configured = config.map { $0.keysDirectory + "/admin.pem" }
        guard let path = call.value("admin-key") ?? configured ?? call.variable("MAYFLY_ADMIN_KEY") else {
            throw call.usage("no administrator's key is named: give --admin-key FILE or --dir D")
        }
        guard call.value("admin-key") == nil, case .file? = config?.keys.passphrase else {
            return try KeySecrets.credential(admin.text, at: path, call)
        }
        // What opens the broker's own keys opens this one, where it still lies beside them.
        return try KeySecrets.credential(admin.text, at: path, call, passphrase: config?.keys.passphrase)
    }

    /// The agent that the options name, with its key.
    static func agent(_ call: Invocation) throws(CommandError) -> AgentCredential {
        guard let name = call.value("agent") ?? call.variable("MAYFLY_AGENT") else {
            throw call.usage("no agent is named: give --agent NAME")
        }
        let id = try agentID(name, call)
        if CertificateOptions.tls(call).certificateFile != nil, call.value("key") == nil {
            return AgentCredential(certifiedClientID: id.text)
        }
        return try KeySecrets.credential(id.text, at: try keyPath(of: id.text, call), call)
    }

    static func agentID(_ name: String, _ call: Invocation) throws(CommandError) -> AgentID {
        guard let id = AgentID(lenient: name) else {
            throw call.usage("an agent's name is 1 to 63 of a-z 0-9 . _ -")
        }
        return id
    }

    /// Where the key of an agent or owner is kept: an agent's under its bare name, an owner's with the prefix.
    static func keyPath(of id: String, _ call: Invocation) throws(CommandError) -> String {
        if let path = call.value("key") { return path }
        let file = (AgentID(id)?.name ?? id) + ".pem"
        if let folder = call.variable("MAYFLY_KEYS") { return "\(folder)/\(file)" }
        guard let home = call.variable("HOME") else { throw call.usage("there is no $HOME: give --key FILE") }
        return "\(home)/.mayfly/\(file)"
    }

    /// Runs a call of the client and puts its error into the command line's words.
    static func attempt<Value>(_ body: () throws(ClientError) -> Value) throws(CommandError) -> Value {
        do throws(ClientError) {
            return try body()
        } catch {
            switch error {
            case .refused(let refusal): throw .refused("\(error)", next: refusal.nextStep)
            case .invalidInput: throw .usage("\(error)", next: error.nextStep)
            case .issuerMismatch: throw .failed("\(error)", next: "give --issuer URL with the issuer you expect")
            case .invalidURL, .plainHTTP, .localAddress, .unreachable, .timedOut, .untrusted, .answerTooLarge,
                .unexpectedAnswer,
                .keyFile, .cryptography:
                throw .failed("\(error)", next: error.nextStep)
            }
        }
    }

    private static func config(_ call: Invocation) throws(CommandError) -> BrokerConfig? {
        guard let directory = call.value("dir") else { return nil }
        do {
            return try BrokerConfig.load(directory: directory)
        } catch {
            throw .failed("\(error)", next: "correct the file, or name a directory that mayfly init made")
        }
    }

    /// The issuer that a directory names; nil for a broker on port 0 that takes its issuer's port when it starts.
    private static func fixedIssuer(_ config: BrokerConfig) -> String? {
        let issuer = config.issuer
        let scheme = issuer.isHTTPS ? "https://" : "http://"
        let isOpen =
            config.listen.port == 0 && issuer.isThisMachine && issuer.text == scheme + issuer.bracketedHost
        return isOpen ? nil : issuer.text
    }

    /// The URL of a broker's listener from this machine; nil for one on port 0.
    ///
    /// A certificate is for a name, so with TLS it is the URL that has the name.
    private static func listener(_ config: BrokerConfig, showsCertificate: Bool) -> String? {
        let listen = config.listen
        if showsCertificate, let mtls = config.mtls { return mtls.listen?.port == 0 ? nil : mtls.url.text }
        guard listen.port != 0 else { return nil }
        if config.tls != nil { return config.issuer.text }
        switch listen.host {
        case "0.0.0.0": return "http://127.0.0.1:\(listen.port)"
        case "::": return "http://[::1]:\(listen.port)"
        default: return "http://\(listen)"
        }
    }
}
