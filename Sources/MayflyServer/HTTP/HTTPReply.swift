/// What goes back to the client.
///
/// The server adds Content-Length, Date, `X-Content-Type-Options: nosniff`, and `Cache-Control: no-store` unless the
/// reply sets its own.
package struct HTTPReply: Sendable {
    /// 200 to 599.
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON body; `contentType` is for the `+json` types.
    package static func json(
        _ status: Int, _ bytes: [UInt8], contentType: String = "application/json",
        headers: [(name: String, value: String)] = []
    ) -> HTTPReply {
        HTTPReply(status: status, headers: [("Content-Type", contentType)] + headers, body: bytes)
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

    /// The headers to send: the reply's own, those about framing left out, and the server's defaults.
    func completeHeaders(closing: Bool) -> [(name: String, value: String)] {
        var complete: [(name: String, value: String)] = []
        complete.reserveCapacity(headers.count + 3)
        for header in headers where !Self.isFraming(header.name) { complete.append(header) }
        if !sets("Cache-Control") { complete.append(("Cache-Control", "no-store")) }
        if !sets("X-Content-Type-Options") { complete.append(("X-Content-Type-Options", "nosniff")) }
        if closing { complete.append(("Connection", "close")) }
        return complete
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
        for header in completeHeaders(closing: true) { text += "\(header.name): \(header.value)\r\n" }
        text += "Content-Length: \(body.count)\r\n\r\n"
        return Array(text.utf8) + body
    }
}
