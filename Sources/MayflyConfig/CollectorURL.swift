/// Where spans go: an absolute URL of an OTLP/HTTP collector, which the operator alone names.
package struct CollectorURL: Equatable, Sendable, CustomStringConvertible {
    package static let maximumLength = 512
    package static let rule =
        "must be an http or https URL such as http://127.0.0.1:4318/v1/traces, in lower case, without user, query or "
        + "fragment"

    package let text: String

    package init?(_ text: String) {
        let isHTTPS = text.utf8.starts(with: "https://".utf8)
        guard text.utf8.count <= Self.maximumLength, isHTTPS || text.utf8.starts(with: "http://".utf8) else {
            return nil
        }
        let rest = text.utf8.dropFirst(isHTTPS ? 8 : 7)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        guard HostText.host(ofAuthority: Array(authority)) != nil,
            IssuerURL.isPath(Array(rest.dropFirst(authority.count)))
        else { return nil }
        self.text = text
    }

    package var description: String { text }
}
