/// A token from an Authorization header: `b64token` of RFC 6750 §2.1, which RFC 9449 §7.1 uses too.
package struct BearerCredentials: Equatable, Sendable {
    /// Bytes of the token.
    package static let maximumLength = 8192

    /// A credential: never log it.
    package let token: String

    /// Reads what follows the scheme.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> BearerCredentials {
        guard bytes.count <= maximumLength else { throw .credentialsTooLong }
        let padding = bytes.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let body = bytes.dropLast(padding)
        guard !body.isEmpty, body.allSatisfy(isTokenCharacter) else { throw .invalidCredentials }
        return BearerCredentials(token: String(decoding: bytes, as: UTF8.self))
    }

    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E: true
        default: false
        }
    }
}

extension BearerCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "BearerCredentials(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
