/// A base URL, split as far as a client needs it.
struct ServerURL: Equatable, Sendable {
    /// Scheme and authority, without a path.
    let origin: String
    /// Empty, or a slash and more, without one at the end.
    let path: String
    let isLoopback: Bool

    private static let maximumLength = 512

    /// Throws `.invalidURL`, or `.plainHTTP` for `http` to another machine unless that is said to be fine.
    init(_ text: String, mayBePlain: Bool = false) throws(ClientError) {
        let isTLS = text.hasPrefix("https://")
        guard isTLS || text.hasPrefix("http://"), text.utf8.count <= Self.maximumLength,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"?#@\\\"<>^`{|}".utf8.contains($0) })
        else { throw .invalidURL }
        let schemeLength = isTLS ? 8 : 7
        let rest = text.dropFirst(schemeLength)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty, let host = Self.host(of: authority) else { throw .invalidURL }
        isLoopback = Self.isLoopback(host)
        guard isTLS || isLoopback || mayBePlain else { throw .plainHTTP }
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path.removeLast() }
        origin = String(text.prefix(schemeLength)) + authority
        self.path = String(path)
    }

    var text: String { origin + path }

    /// Where the issuer of this URL describes itself (RFC 8414 §3.1).
    var metadata: String { origin + "/.well-known/oauth-authorization-server" + path }

    /// The host without port and brackets.
    private static func host(of authority: Substring) -> String? {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let host = parts.first, !host.isEmpty else { return nil }
        return String(host)
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
