/// An `http` or `https` URL without query and fragment, in the one spelling by which two of them are compared.
///
/// Scheme and host in lower case, no default port, no empty path, no dot segments, escapes only where they are needed
/// and in upper case (RFC 3986 §6.2.2, §6.2.3, as RFC 9449 §4.3 asks for). The path keeps its case.
package struct ProofURI: Hashable, Sendable {
    package static let maximumLength = 4096

    package let text: String
    /// Scheme, host and port alone.
    package let origin: String
    private let path: String

    /// Reads a proof's `htu`, which has neither query nor fragment (RFC 9449 §4.2).
    package init?(claim text: String) {
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) else { return nil }
        self.init(request: text)
    }

    /// Reads the URL of a request; its query is left out.
    package init?(request text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        guard scheme == "https" || scheme == "http", bytes[(colon + 1)...].starts(with: "//".utf8) else { return nil }
        let rest = bytes[(colon + 3)...]
        let end = rest.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        guard let authority = Self.authority(rest[..<end], defaultPort: scheme == "https" ? 443 : 80),
            let path = Self.path(rest[end...])
        else { return nil }
        self.init(origin: "\(scheme)://\(authority)", path: path)
    }

    /// The URL at `origin` to which a request line's target leads; nil for a target that is no absolute path.
    init?(origin: ProofURI, target: String) {
        guard target.utf8.count <= Self.maximumLength, target.utf8.first == UInt8(ascii: "/"),
            let path = Self.path(Array(target.utf8)[...])
        else { return nil }
        self.init(origin: origin.origin, path: path)
    }

    private init(origin: String, path: String) {
        (self.origin, self.path, text) = (origin, path, origin + path)
    }

    /// The same with the path that leads to nothing but the origin.
    var root: ProofURI { ProofURI(origin: origin, path: "/") }

    /// Whether it names an origin and nothing below it.
    package var isOrigin: Bool { path.utf8.elementsEqual("/".utf8) }

    /// Host and port; nil for user information, an empty host, or a port that is not one.
    private static func authority(_ bytes: ArraySlice<UInt8>, defaultPort: Int) -> String? {
        let isLiteral = bytes.first == UInt8(ascii: "[")
        let hostEnd: Int
        if isLiteral {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hostEnd = bracket + 1
        } else {
            hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        }
        let host = bytes[..<hostEnd]
        let allowed = isLiteral ? "[]:." : "-._~!$&'()*+,;=%"
        guard !host.isEmpty, host.allSatisfy({ isAlphanumeric($0) || allowed.utf8.contains($0) }) else { return nil }
        let name = String(decoding: host, as: UTF8.self).lowercased()
        guard hostEnd < bytes.endIndex else { return name }
        guard bytes[hostEnd] == UInt8(ascii: ":") else { return nil }
        let digits = bytes[(hostEnd + 1)...]
        guard !digits.isEmpty else { return name }
        guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(port)
        else { return nil }
        return port == defaultPort ? name : "\(name):\(port)"
    }

    /// The path up to a query or fragment, each segment in its one spelling; nil for a byte that no URL holds.
    private static func path(_ bytes: ArraySlice<UInt8>) -> String? {
        let whole = bytes.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard !whole.isEmpty else { return "/" }
        guard whole.first == UInt8(ascii: "/"), let plain = unescaped(whole) else { return nil }
        var segments: [String] = []
        let parts = plain.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let isDot = part.elementsEqual(".".utf8)
            let isDoubleDot = part.elementsEqual("..".utf8)
            if isDoubleDot { _ = segments.popLast() }
            if !isDot && !isDoubleDot {
                segments.append(String(decoding: part, as: UTF8.self))
            } else if index == parts.count - 1 {
                segments.append("")
            }
        }
        return "/" + segments.joined(separator: "/")
    }

    /// Decodes the escapes of unreserved characters and writes the others in upper case.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                guard isAlphanumeric(byte) || "-._~/!$&'()*+,;=:@".utf8.contains(byte) else { return nil }
                output.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(), let value = hex(high, low) else { return nil }
            if isAlphanumeric(value) || "-._~".utf8.contains(value) {
                output.append(value)
            } else {
                output += [byte, upper(high), upper(low)]
            }
        }
        return output
    }

    private static func hex(_ high: UInt8, _ low: UInt8) -> UInt8? {
        UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16).flatMap {
            isAlphanumeric(high) && isAlphanumeric(low) ? $0 : nil
        }
    }

    private static func upper(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 0x20 : byte
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Compares bytes; Swift's own comparison is by Unicode equivalence.
    package static func == (left: ProofURI, right: ProofURI) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
