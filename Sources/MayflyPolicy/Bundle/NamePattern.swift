/// One name, or all names that begin alike: `tickets:read`, `tickets:*`, `*`.
package struct NamePattern: Hashable, Sendable {
    /// Bytes of a pattern.
    package static let maximumLength = 128

    /// What a name must be, or begin with.
    package let text: String
    package let isPrefix: Bool

    /// Takes visible ASCII; a star stands at the end only.
    package init?(_ pattern: String) {
        let bytes = pattern.utf8
        guard (1...Self.maximumLength).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        isPrefix = bytes.last == UInt8(ascii: "*")
        text = isPrefix ? String(pattern.dropLast()) : pattern
        guard !text.utf8.contains(UInt8(ascii: "*")) else { return nil }
    }

    package func matches(_ name: String) -> Bool {
        isPrefix ? name.utf8.starts(with: text.utf8) : name.utf8.elementsEqual(text.utf8)
    }

    /// Whether every name that `other` matches is matched by this one.
    func covers(_ other: NamePattern) -> Bool {
        isPrefix ? other.text.utf8.starts(with: text.utf8) : self == other
    }
}
