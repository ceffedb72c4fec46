/// The absolute URI that names a resource, as `resource` asks for it (RFC 8707 §2) and `aud` states it.
///
/// Compared byte by byte: nothing is normalised, so a resource has exactly the spelling under which it is registered.
package struct ResourceURL: Hashable, Sendable {
    package static let maximumBytes = 512

    package let text: String

    /// Takes `scheme://host…` in the characters of RFC 3986, without user information or fragment.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumBytes, bytes.allSatisfy(Self.isURIByte) else { return nil }
        guard !bytes.contains(UInt8(ascii: "#")) else { return nil }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(bytes[..<colon]) else { return nil }
        let afterColon = bytes[(colon + 1)...]
        guard afterColon.starts(with: "//".utf8) else { return nil }
        let authority = afterColon.dropFirst(2).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard let first = authority.first, first != UInt8(ascii: ":") else { return nil }
        guard !authority.contains(UInt8(ascii: "@")) else { return nil }
        self.text = text
    }

    /// Whether RFC 3986 §2 lets the byte stand in a URI: unreserved, reserved or a percent sign.
    static func isURIByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(byte)
    }

    private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, isLetter(first) else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || "+-.".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
