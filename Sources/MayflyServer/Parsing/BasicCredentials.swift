internal import MayflyModel

/// A client's identifier and secret from HTTP Basic (RFC 7617), each half form-decoded as RFC 6749 §2.3.1 asks.
package struct BasicCredentials: Equatable, Sendable {
    /// Characters of the base64 text.
    package static let maximumLength = 4096

    package let clientID: String
    /// Compare it in constant time and never log it.
    package let secret: String

    /// Reads what follows the scheme.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> BasicCredentials {
        guard bytes.count <= maximumLength else { throw .credentialsTooLong }
        guard let pair = Base64.decode(bytes) else { throw .invalidCredentials }
        guard let colon = pair.firstIndex(of: UInt8(ascii: ":")), colon > pair.startIndex else {
            throw .invalidCredentials
        }
        guard !pair.contains(where: ASCII.isControl) else { throw .forbiddenCharacter }
        return BasicCredentials(
            clientID: try PercentEncoding.decode(pair[..<colon], plusIsSpace: true),
            secret: try PercentEncoding.decode(pair[(colon + 1)...], plusIsSpace: true))
    }
}

extension BasicCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "BasicCredentials(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
