/// One scope token (RFC 6749 §3.3): printable ASCII without space, quotation mark and backslash.
///
/// Being ASCII, it compares equal exactly when its bytes do, and it may stand in an `error_description`.
package struct Scope: Hashable, Comparable, Sendable {
    package static let maximumBytes = 128

    package let text: String

    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumBytes else { return nil }
        let isToken = text.utf8.allSatisfy {
            (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        guard isToken else { return nil }
        self.text = text
    }

    package static func < (left: Scope, right: Scope) -> Bool { left.text < right.text }
}
