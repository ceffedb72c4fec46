/// One complete, checked request.
package struct HTTPRequest: Sendable {
    /// As sent; methods are case-sensitive (RFC 9110 §9.1).
    package let method: String
    /// The path as sent, escapes kept, without the query.
    package let path: String
    /// The decoded segments of the path; the path `/` has none.
    package let segments: [String]
    /// The decoded query.
    package let query: FormFields
    package let fields: HeaderFields
    package let body: [UInt8]
    /// The numeric address of the peer, which may be a proxy.
    package let remoteAddress: String

    init(head: RequestHead, body: [UInt8], remoteAddress: String) {
        method = head.method
        path = head.target.path
        segments = head.target.segments
        query = head.target.query
        fields = head.fields
        self.body = body
        self.remoteAddress = remoteAddress
    }

    /// Makes a request without a connection, for tests of endpoints.
    package init(
        method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        remoteAddress: String = "127.0.0.1"
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
        let target = try RequestTarget.parse(Array(target.utf8))
        self.method = method
        path = target.path
        segments = target.segments
        query = target.query
        fields = try HeaderFields(block: block + [0, 0], spans: spans)
        self.body = body
        self.remoteAddress = remoteAddress
    }

    /// The first field of that name, in any case, without white space around it.
    package func header(_ name: String) -> String? {
        fields.first(name)
    }

    /// Every field of that name in order.
    package func headers(_ name: String) -> [String] {
        fields.all(name)
    }

    /// The media type in lower case without parameters; nil when absent, sent twice or malformed.
    package var contentType: String? {
        guard fields.count(of: "Content-Type") == 1, let bytes = fields.firstBytes("Content-Type") else { return nil }
        return MediaType.parse(Array(bytes))
    }
}
