internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

/// Where the client certificate of a request comes from: the connection, or a header that a known proxy sets.
///
/// The header means something from the configured addresses alone. From anywhere else a request with it is refused:
/// taking it would let anybody be anybody, and leaving it out would turn what somebody claims into something else.
package struct CertificateSource: Sendable {
    private let header: String
    /// Of the certificates above the client's (RFC 9440 §2.3).
    private let chainHeader: String
    private let proxies: [AddressRange]

    /// Takes the header's name and the addresses of the proxies that set it.
    package init(header: String, proxies: [AddressRange]) {
        self.header = header
        chainHeader = header + "-Chain"
        self.proxies = proxies
    }

    /// Why a request with the header is refused.
    enum Refusal: Error {
        case notFromAProxy
        case malformed

        var words: String {
            switch self {
            case .notFromAProxy: "a client certificate in a header is not accepted from this address"
            case .malformed: "the header with the client certificate cannot be read"
            }
        }
    }

    /// The certificate of whoever sent the request.
    ///
    /// A proxy's own certificate, which it may have shown on its connection to here, is nobody else's.
    static func certificate(
        of request: HTTPRequest, by source: CertificateSource?
    ) throws(Refusal) -> PresentedCertificate? {
        guard let source else { return request.peerCertificate }
        let isProxied = request.fields.contains(source.header) || request.fields.contains(source.chainHeader)
        guard source.proxies.contains(where: { $0.contains(request.remoteAddress) }) else {
            guard !isProxied else { throw .notFromAProxy }
            return request.peerCertificate
        }
        guard isProxied else { return nil }
        return try source.passedOn(in: request)
    }

    private func passedOn(in request: HTTPRequest) throws(Refusal) -> PresentedCertificate? {
        guard let value = request.only(header) else { throw .malformed }
        // Some proxies send the header without a value for a client that has shown none.
        guard !value.isEmpty else { return nil }
        var chain = [try Self.leaf(value)]
        if request.fields.contains(chainHeader) {
            guard let rest = request.only(chainHeader) else { throw .malformed }
            for item in rest.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                guard let der = Self.byteSequence(item) else { throw .malformed }
                chain.append(der)
            }
        }
        return PresentedCertificate(chain)
    }

    /// An RFC 9440 §2.1 byte sequence, or PEM with percent escapes as nginx's `$ssl_client_escaped_cert` has it.
    private static func leaf(_ value: ArraySlice<UInt8>) throws(Refusal) -> [UInt8] {
        if value.first == UInt8(ascii: ":") {
            guard let der = byteSequence(value) else { throw .malformed }
            return der
        }
        guard let text = try? PercentEncoding.decode(value),
            let found = try? X509Certificate.blocks(pem: Array(text.utf8)), let der = found.first, found.count == 1
        else { throw .malformed }
        return der
    }

    /// `:base64:` (RFC 8941 §3.3.5), spaces around it passed over.
    private static func byteSequence(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        var text = text.drop { $0 == 0x20 || $0 == 0x09 }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        guard text.count > 2, text.first == colon, text.last == colon else { return nil }
        return Base64.decode(text.dropFirst().dropLast())
    }
}

extension PresentedCertificate {
    /// The longest text of a certificate that a tool passes on.
    private static let maximumText = X509Certificate.maximumLength * 2

    /// A certificate that a tool was shown and passes on, in PEM or as base64 of its DER; nil for anything else.
    static func passed(_ text: String) -> PresentedCertificate? {
        guard text.utf8.count <= maximumText else { return nil }
        if let der = Base64.decode(text) { return PresentedCertificate([der]) }
        guard let found = try? X509Certificate.blocks(pem: Array(text.utf8)), found.count == 1 else { return nil }
        return PresentedCertificate(found)
    }
}
