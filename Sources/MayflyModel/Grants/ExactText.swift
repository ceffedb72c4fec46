/// A text value of an authorization detail, compared byte by byte with no normalisation (RFC 9396 §12).
///
/// Swift's `String` holds Unicode-equivalent texts equal. A tool that compares bytes would not, so a right to one
/// must not be a right to the other.
package struct ExactText: Hashable, Comparable, Sendable {
    package static let maximumBytes = 512

    package let text: String
    /// Then `String` compares byte by byte, and far faster than a loop over bytes does.
    private let isASCII: Bool

    /// Takes 1 to `maximumBytes` bytes of UTF-8 without control characters.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumBytes else { return nil }
        let hasControl = text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
        guard !hasControl else { return nil }
        self.text = text
        isASCII = text.utf8.allSatisfy { $0 < 0x80 }
    }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        guard left.isASCII, right.isASCII else { return JSONObject.same(left.text, right.text) }
        return left.text == right.text
    }

    package static func < (left: ExactText, right: ExactText) -> Bool {
        guard left.isASCII, right.isASCII else { return left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
        return left.text < right.text
    }

    package func hash(into hasher: inout Hasher) {
        // Equal bytes are Unicode-equivalent, so String's own hash agrees with `==` above.
        hasher.combine(text)
    }
}
