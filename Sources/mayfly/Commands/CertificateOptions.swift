import MayflyClient
import MayflyModel

/// TLS on the command line: whom to believe, and the client's own certificate (RFC 8705).
enum CertificateOptions {
    static let authority = Option.value(
        "ca-file", "FILE", "roots that vouch for the broker, in PEM (default $MAYFLY_CA_FILE, the system's)")

    static let certificate = [
        Option.value(
            "cert", "FILE", "the agent's certificate, in PEM (default $MAYFLY_CERT); without --key it proves who asks"),
        Option.value("cert-key", "FILE", "the certificate's key (default $MAYFLY_CERT_KEY)"),
    ]

    /// The certificate that a tool was shown with a token, for who asks about it.
    static let shown = Option.value(
        "client-cert", "FILE", "the certificate that the token came with, in PEM")

    /// A certificate is an agent's; commands of others show none.
    static func tls(_ call: Invocation) -> ClientTLS {
        let authority = call.value("ca-file") ?? call.variable("MAYFLY_CA_FILE")
        guard call.takes("cert") else { return ClientTLS(authorityFile: authority) }
        return ClientTLS(
            authorityFile: authority,
            certificateFile: call.value("cert") ?? call.variable("MAYFLY_CERT"),
            keyFile: call.value("cert-key") ?? call.variable("MAYFLY_CERT_KEY"))
    }

    static func shown(_ call: Invocation) throws(CommandError) -> String? {
        guard let path = call.value("client-cert") else { return nil }
        return String(decoding: try LocalFile.read(path, maximum: 65_536), as: UTF8.self)
    }

    // MARK: How an agent is known

    static let registration = [
        Option.value("tls-client-auth-subject-dn", "DN", "known by a certificate with this subject (RFC 4514)"),
        Option.value("tls-client-auth-san-dns", "NAME", "known by a certificate with this host name"),
        Option.value("tls-client-auth-san-uri", "URI", "known by a certificate with this URI"),
        Option.value("tls-client-auth-san-ip", "ADDRESS", "known by a certificate with this IP address"),
        Option.value("tls-client-auth-san-email", "ADDRESS", "known by a certificate with this e-mail address"),
        Option.list("tls-client-certificate", "FILE", "known by this very certificate, in PEM; may be repeated"),
        Option.value("tls-bound-tokens", "yes|no", "whether its tokens must be bound to its certificate"),
    ]

    /// Puts what the options say into a registration; one way to be known takes the place of another.
    static func overlay(_ call: Invocation, on spec: inout JSONObject) throws(CommandError) {
        let names = ["subject-dn", "san-dns", "san-uri", "san-ip", "san-email"]
        let given = names.compactMap { name in
            call.value("tls-client-auth-" + name).map { (member(name), JSONValue.string($0)) }
        }
        let files = call.values("tls-client-certificate")
        if !given.isEmpty || !files.isEmpty {
            for name in names { spec[member(name)] = nil }
            spec["tls_client_certificates"] = nil
        }
        for (name, value) in given { spec[name] = value }
        if !files.isEmpty {
            var list: [JSONValue] = []
            for file in files {
                list.append(.string(String(decoding: try LocalFile.read(file, maximum: 65_536), as: UTF8.self)))
            }
            spec["tls_client_certificates"] = .array(list)
        }
        switch call.value("tls-bound-tokens") {
        case nil: break
        case "yes": spec[bound] = .bool(true)
        case "no": spec[bound] = nil
        default: throw call.usage("--tls-bound-tokens is yes or no")
        }
    }

    private static let bound = "tls_client_certificate_bound_access_tokens"

    private static func member(_ name: String) -> String {
        "tls_client_auth_" + name.replacing("-", with: "_")
    }
}
