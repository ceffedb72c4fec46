internal import MayflyBroker

/// A request line and header that passed every check, before its body is read.
///
/// One object for all requests of a connection that repeat it byte for byte, as those of one program mostly do: what
/// was read of it once is read.
final class RequestHead: Sendable {
    let method: String
    let target: RequestTarget
    let fields: HeaderFields
    /// Bytes of body to make room for.
    let declaredLength: Int
    let isChunked: Bool
    /// The token of `Authorization: Bearer`, once somebody has asked for it and its signature was good.
    let bearer = OnceReference<SignedToken>()
    /// As sent.
    private let targetBytes: [UInt8]
    private let version: String

    /// Takes parts that were checked already, for tests of endpoints.
    init(method: String, target: RequestTarget, fields: HeaderFields) {
        (targetBytes, version) = ([], "")
        self.method = method
        self.target = target
        self.fields = fields
        (declaredLength, isChunked) = (0, false)
    }

    /// Checks a request line and header (RFC 9112 §3, §6).
    ///
    /// What makes the length of the body ambiguous is refused here, while the library still lets a reply end the
    /// connection: a second Content-Length, one beside Transfer-Encoding, any coding but one `chunked`, and
    /// Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1, §6.3).
    init(
        method: String, target: [UInt8], version: String, fields: HeaderFields, maximumBody: Int
    ) throws(HTTPSyntaxError) {
        guard !method.isEmpty, method.utf8.allSatisfy(ASCII.isTokenCharacter) else { throw .invalidMethod }
        let isHTTP10 = version == "HTTP/1.0"
        let hosts = fields.count(of: "Host")
        guard hosts == 1 || (isHTTP10 && hosts == 0) else { throw .invalidHost }
        declaredLength = try Self.length(fields, isHTTP10: isHTTP10, maximumBody: maximumBody)
        isChunked = fields.contains("Transfer-Encoding")
        self.method = method
        self.target = try RequestTarget.parse(target)
        self.fields = fields
        (targetBytes, self.version) = (target, version)
    }

    /// Whether a request line of these parts is the one that this head was made from.
    func begins(with method: String, _ target: [UInt8], _ version: String) -> Bool {
        method == self.method && target == targetBytes && version == self.version
    }

    private static func length(
        _ fields: HeaderFields, isHTTP10: Bool, maximumBody: Int
    ) throws(HTTPSyntaxError) -> Int {
        let lengths = fields.count(of: "Content-Length")
        let codings = fields.count(of: "Transfer-Encoding")
        guard lengths <= 1, codings <= 1, lengths + codings <= 1 else { throw .ambiguousLength }
        if let coding = fields.firstBytes("Transfer-Encoding") {
            guard !isHTTP10 else { throw .ambiguousLength }
            guard ASCII.equalIgnoringCase(coding, "chunked".utf8) else { throw .unsupportedTransferCoding }
            return 0
        }
        guard let text = fields.firstBytes("Content-Length") else { return 0 }
        guard !text.isEmpty, text.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .ambiguousLength }
        // More digits than any length in range, leading zeros aside.
        guard text.count <= 18, let length = Int(String(decoding: text, as: UTF8.self)), length <= maximumBody else {
            throw .bodyTooLarge
        }
        return length
    }
}
