/// A token from an Authorization header: `b64token` of RFC 6750 §2.1, which RFC 9449 §7.1 uses too.
package struct BearerCredentials: Equatable, Sendable {
    /// Bytes of the token.
    package static let maximumLength = 8192

    /// A credential: never log it.
    package let bytes: ArraySlice<UInt8>

    package var token: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads what follows the scheme.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> BearerCredentials {
        try parse(bytes[...])
    }

    static func parse(_ bytes: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> BearerCredentials {
        guard bytes.count <= maximumLength else { throw .credentialsTooLong }
        var body = bytes
        while body.last == UInt8(ascii: "=") { body.removeLast() }
        guard !body.isEmpty, ByteScan.isToken68(body.span) else { throw .invalidCredentials }
        return BearerCredentials(bytes: bytes)
    }
}

extension BearerCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "BearerCredentials(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
