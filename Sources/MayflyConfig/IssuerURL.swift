/// The broker's external base URL: its `iss` claim and the beginning of every endpoint (RFC 8414 §2).
///
/// It is compared as text by everyone who checks a token, so only one spelling is taken: lower-case scheme and host,
/// no user, query, fragment, escapes, empty path segment or slash at the end.
package struct IssuerURL: Equatable, Sendable, CustomStringConvertible {
    /// Every token carries the issuer.
    package static let maximumLength = 200
    package static let rule =
        "must be an https URL such as https://mayfly.example.com, in lower case, without query, fragment or a slash at "
        + "the end; http is accepted for localhost, 127.0.0.1 and [::1] only"

    package let text: String
    package let isHTTPS: Bool
    /// Without the brackets of an IPv6 address.
    package let host: String
    /// Empty, or a slash and at least one segment.
    package let path: String

    package init?(_ text: String) {
        let isHTTPS = text.utf8.starts(with: "https://".utf8)
        guard text.utf8.count <= Self.maximumLength, isHTTPS || text.utf8.starts(with: "http://".utf8) else {
            return nil
        }
        let rest = text.utf8.dropFirst(isHTTPS ? 8 : 7)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        let path = rest.dropFirst(authority.count)
        guard let host = HostText.host(ofAuthority: Array(authority)), Self.isPath(Array(path)) else { return nil }
        guard isHTTPS || HostText.isLoopback(host) else { return nil }
        self.text = text
        self.isHTTPS = isHTTPS
        self.host = host
        self.path = String(decoding: path, as: UTF8.self)
    }

    package var description: String { text }

    /// Whether its host is this machine and nothing else.
    package var isThisMachine: Bool { HostText.isLoopback(host) }

    static func isPath(_ path: [UInt8]) -> Bool {
        guard !path.isEmpty else { return true }
        return path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
            let text = String(decoding: $0, as: UTF8.self)
            return !$0.isEmpty && text != "." && text != ".." && $0.allSatisfy(isUnreserved)
        }
    }

    /// RFC 3986 §2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
