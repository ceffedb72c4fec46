internal import MayflyModel

/// The certificate with which the broker speaks TLS.
package struct TLSConfig: Equatable, Sendable {
    /// Certificates in PEM, the broker's own first.
    package let certificateFile: String
    /// Its private key in PEM, mode 0600.
    package let keyFile: String

    init(_ fields: inout FieldReader, in directory: String) throws(FieldError) {
        certificateFile = try BrokerConfig.neededPath("certificate_file", of: &fields, in: directory)
        keyFile = try BrokerConfig.neededPath("key_file", of: &fields, in: directory)
        try fields.finish()
    }
}

/// Where and how clients are known by their certificates (RFC 8705).
package struct MTLSConfig: Equatable, Sendable {
    /// A listener of its own, which asks clients for a certificate; nil where a proxy does that.
    package let listen: ListenAddress?
    /// The base of `mtls_endpoint_aliases` (RFC 8705 §5): the URL by which clients with certificates reach the broker.
    package let url: IssuerURL
    /// The authorities of clients' certificates, in PEM; nil where clients register their own.
    package let clientAuthorityFile: String?

    init(_ fields: inout FieldReader, in directory: String) throws(FieldError) {
        if let text = try fields.optionalString("listen") {
            guard let address = ListenAddress(text) else {
                throw fields.failure("listen", .invalid(rule: ListenAddress.rule))
            }
            listen = address
        } else {
            listen = nil
        }
        url = try Self.url(&fields)
        clientAuthorityFile = try BrokerConfig.path("client_ca_file", of: &fields, in: directory)
        try fields.finish()
    }

    private static func url(_ fields: inout FieldReader) throws(FieldError) -> IssuerURL {
        guard let url = IssuerURL(try fields.string("url")), url.isHTTPS else {
            throw fields.failure(
                "url",
                .invalid(
                    rule: "must be an https URL such as https://mtls.mayfly.example.com, without a slash at the end"))
        }
        return url
    }
}

/// A proxy that has clients show their certificates to it, and passes them on in a header.
package struct ProxyConfig: Equatable, Sendable {
    /// Addresses in all.
    package static let maximumAddresses = 32

    /// As the proxy sets it; names have no case.
    package let certificateHeader: String
    /// Addresses and blocks of them in CIDR notation.
    package let addresses: [String]

    init(_ fields: inout FieldReader) throws(FieldError) {
        certificateHeader = try fields.string("client_certificate_header", maximum: 64)
        guard Self.isHeader(certificateHeader) else {
            throw fields.failure(
                "client_certificate_header",
                .invalid(rule: "must be the name of a header of its own, such as Client-Cert or X-Client-Certificate"))
        }
        addresses = try fields.strings("addresses", maximumCount: Self.maximumAddresses, maximumLength: 64) ?? []
        guard !addresses.isEmpty, addresses.allSatisfy(Self.isBlock) else {
            throw fields.failure(
                "addresses", .invalid(rule: "must be addresses or CIDR blocks such as 127.0.0.1 or 10.1.0.0/16"))
        }
        try fields.finish()
    }

    /// Letters, digits and hyphens, and none that means something already.
    private static func isHeader(_ name: String) -> Bool {
        let taken = [
            "authorization", "dpop", "host", "content-type", "content-length", "transfer-encoding", "connection",
            "x-mayfly-resource", "traceparent", "if-match", "x-request-id",
        ]
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) && byte < 0x80 || byte == 0x2D
        }
        return !name.isEmpty && isPlain && !taken.contains(name.lowercased())
    }

    private static func isBlock(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let host = parts.first.map(String.init), parts.count <= 2 else { return false }
        let most = HostText.isIPv4(host) ? 32 : HostText.isIPv6(host) ? 128 : 0
        guard most > 0 else { return false }
        guard let digits = parts.dropFirst().first else { return true }
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return false
        }
        return Int(digits).map { (0...most).contains($0) } ?? false
    }
}
