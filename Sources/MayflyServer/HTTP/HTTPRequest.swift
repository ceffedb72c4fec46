package import MayflyBroker

/// One complete, checked request.
///
/// A class, because it is handed through several closures: one reference instead of a dozen.
package final class HTTPRequest: Sendable {
    let head: RequestHead
    package let body: [UInt8]
    /// The numeric address of the peer, which may be a proxy.
    package let remoteAddress: String
    /// When the header was complete, by `MonotonicTime`.
    let arrivedAt: UInt64
    /// What the peer, which may be a proxy, has shown of its own in the TLS handshake of its connection.
    package let peerCertificate: PresentedCertificate?

    init(
        head: RequestHead, body: consuming [UInt8], remoteAddress: String, arrivedAt: UInt64,
        peerCertificate: PresentedCertificate?
    ) {
        self.peerCertificate = peerCertificate
        self.head = head
        self.body = body
        self.remoteAddress = remoteAddress
        self.arrivedAt = arrivedAt
    }

    /// As sent; methods are case-sensitive (RFC 9110 §9.1).
    package var method: String { head.method }
    /// The path as sent, escapes kept, without the query.
    package var path: String { head.target.path }
    /// The decoded segments of the path; the path `/` has none.
    package var segments: [String] { head.target.segments }
    /// The decoded query.
    package var query: FormFields { head.target.query }
    package var fields: HeaderFields { head.fields }

    /// Makes a request without a connection, for tests of endpoints.
    package convenience init(
        method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        remoteAddress: String = "127.0.0.1", peerCertificate: PresentedCertificate? = nil
    ) throws(HTTPSyntaxError) {
        var block: [UInt8] = []
        var spans: [HeaderFields.Span] = []
        for header in headers {
            let name = block.count..<(block.count + header.name.utf8.count)
            block += Array(header.name.utf8) + [0]
            let value = block.count..<(block.count + header.value.utf8.count)
            block += Array(header.value.utf8) + [0, 0]
            spans.append(HeaderFields.Span(name: name, value: value))
        }
        self.init(
            head: RequestHead(
                method: method, target: try RequestTarget.parse(Array(target.utf8)),
                fields: try HeaderFields(block: block + [0, 0], spans: spans)),
            body: body, remoteAddress: remoteAddress, arrivedAt: MonotonicTime.now(), peerCertificate: peerCertificate)
    }

    /// The first field of that name, in any case, without white space around it.
    package func header(_ name: String) -> String? {
        fields.first(name)
    }

    /// Every field of that name in order.
    package func headers(_ name: String) -> [String] {
        fields.all(name)
    }

    /// The value of a field that must be sent once, as bytes without white space around them; nil otherwise.
    package func only(_ name: String) -> ArraySlice<UInt8>? {
        fields.only(name)
    }

    /// Whether the media type, in any case and without its parameters, is `type`; false when it is sent twice.
    package func hasContentType(_ type: String) -> Bool {
        guard let bytes = fields.only("Content-Type") else { return false }
        if ByteScan.equal(bytes, type) { return true }
        return MediaType.parse(Array(bytes)).map { $0.utf8.elementsEqual(type.utf8) } ?? false
    }

    /// The media type in lower case without parameters; nil when absent, sent twice or malformed.
    package var contentType: String? {
        fields.only("Content-Type").flatMap { MediaType.parse(Array($0)) }
    }
}
