/// An entity tag (RFC 9110 §8.8.3), the version of a resource.
package struct EntityTag: Equatable, Sendable {
    /// Bytes between the quotes.
    package static let maximumLength = 128

    package let isWeak: Bool
    /// The characters between the quotes.
    package let opaque: String

    /// A strong tag, or nil when a character may not stand in one.
    package init?(strong opaque: String) {
        guard opaque.utf8.count <= Self.maximumLength, opaque.utf8.allSatisfy(Self.isTagCharacter) else { return nil }
        isWeak = false
        self.opaque = opaque
    }

    private init(isWeak: Bool, opaque: String) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    /// The tag as a header carries it.
    package var headerValue: String { (isWeak ? "W/\"" : "\"") + opaque + "\"" }

    /// Strong comparison (RFC 9110 §8.8.3.2): a weak tag equals nothing.
    package func stronglyEquals(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && opaque.utf8.elementsEqual(other.opaque.utf8)
    }

    /// Reads exactly one tag.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> EntityTag {
        var rest = bytes[...]
        let tag = try takeFirst(from: &rest)
        guard rest.isEmpty else { throw .invalidEntityTag }
        return tag
    }

    /// Takes one tag off the front of `rest`.
    static func takeFirst(from rest: inout ArraySlice<UInt8>) throws(HTTPSyntaxError) -> EntityTag {
        let isWeak = rest.starts(with: "W/".utf8)
        if isWeak { rest.removeFirst(2) }
        guard rest.popFirst() == UInt8(ascii: "\"") else { throw .invalidEntityTag }
        let opaque = rest.prefix { $0 != UInt8(ascii: "\"") }
        rest.removeFirst(opaque.count)
        guard rest.popFirst() == UInt8(ascii: "\"") else { throw .invalidEntityTag }
        guard opaque.count <= maximumLength, opaque.allSatisfy(isTagCharacter) else { throw .invalidEntityTag }
        return EntityTag(isWeak: isWeak, opaque: String(decoding: opaque, as: UTF8.self))
    }

    /// `etagc` without the bytes above ASCII, which Mayfly never issues.
    private static func isTagCharacter(_ byte: UInt8) -> Bool {
        byte == 0x21 || (0x23...0x7E).contains(byte)
    }
}
