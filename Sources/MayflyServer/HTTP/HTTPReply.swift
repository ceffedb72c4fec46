/// What goes back to the client.
///
/// The server adds Content-Length, Date, `X-Content-Type-Options: nosniff`, and `Cache-Control: no-store` unless the
/// reply sets its own.
package struct HTTPReply: Sendable {
    /// 200 to 599.
    package var status: Int { didSet { unkeep() } }
    /// Nil for a reply without a body, or one whose `headers` say it.
    package var contentType: ContentType? { didSet { unkeep() } }
    /// Further fields, which are checked before they are sent.
    package var headers: [(name: String, value: String)] { didSet { unkeep() } }
    private var bytes: [UInt8]
    private var kept: Kept?

    /// A reply that is given many times: as the HTTP library has it, and how its body is written once more.
    private struct Kept {
        let response: LibraryResponse
        let body: @Sendable () -> [UInt8]
    }

    package init(
        status: Int, contentType: ContentType? = nil, headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        bytes = body
    }

    /// The reply that `response` was made from; `body` writes the same bytes again, for the few who need them, so that
    /// they are in memory once.
    package init(kept response: LibraryResponse, contentType: ContentType, body: @escaping @Sendable () -> [UInt8]) {
        status = 200
        self.contentType = contentType
        headers = []
        bytes = []
        kept = Kept(response: response, body: body)
    }

    package var body: [UInt8] {
        get { kept?.body() ?? bytes }
        set { (bytes, kept) = (newValue, nil) }
    }

    /// The reply as the library has it, as long as nothing in it was changed.
    var keptResponse: LibraryResponse? { kept?.response }

    /// What the library has is not this reply any more.
    private mutating func unkeep() {
        guard let kept else { return }
        (bytes, self.kept) = (kept.body(), nil)
    }

    /// Whether the reply sets the field, whatever the case of its name.
    func sets(_ name: String) -> Bool {
        headers.contains { ASCII.equalIgnoringCase($0.name.utf8, name.utf8) }
    }

    /// What only the server may say.
    private static func isFraming(_ name: String) -> Bool {
        ASCII.equalIgnoringCase(name.utf8, "Connection".utf8)
            || ASCII.equalIgnoringCase(name.utf8, "Content-Length".utf8)
            || ASCII.equalIgnoringCase(name.utf8, "Transfer-Encoding".utf8)
    }

    /// Hands each header field to send to `body`, a name and a value: the reply's own, those about framing left out,
    /// and the server's defaults.
    package func forEachHeader(closing: Bool, _ body: (String, String) -> Void) {
        if let contentType { body("Content-Type", contentType.rawValue) }
        for header in headers where !Self.isFraming(header.name) { body(header.name, header.value) }
        if !sets("Cache-Control") { body("Cache-Control", "no-store") }
        if !sets("X-Content-Type-Options") { body("X-Content-Type-Options", "nosniff") }
        if closing { body("Connection", "close") }
    }

    /// Whether a client can be sent this: a final status, names that are tokens, values without line breaks.
    var isSendable: Bool {
        (200...599).contains(status)
            && headers.allSatisfy { header in
                !header.name.isEmpty && header.name.utf8.allSatisfy(ASCII.isTokenCharacter)
                    && !header.value.utf8.contains { ASCII.isControl($0) }
            }
    }

    /// The whole reply as bytes that end the connection, for the one case in which the library cannot send it.
    func serializedClosing(reason: String) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(reason)\r\n"
        forEachHeader(closing: true) { text += "\($0): \($1)\r\n" }
        text += "Content-Length: \(body.count)\r\n\r\n"
        return Array(text.utf8) + body
    }
}
