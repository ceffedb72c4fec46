package import MayflyCrypto
import MayflyModel

/// A SHA-256 as registrations and requests write it: `sha256:` and 64 lower-case hex digits, as OCI images are named.
package struct CompositionDigest: Hashable, Sendable, CustomStringConvertible {
    package static let prefix = "sha256:"
    package static let rule = "sha256: and 64 lower-case hex digits"

    package let digest: SHA256Digest

    package init(_ digest: SHA256Digest) {
        self.digest = digest
    }

    /// Nil for every other form, upper case included: one digest has one name.
    package init?(_ text: String) {
        guard text.utf8.starts(with: Self.prefix.utf8) else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for byte in text.utf8.dropFirst(Self.prefix.utf8.count) {
            guard bytes.count < SHA256Digest.byteCount, let nibble = Self.nibble(byte) else { return nil }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        guard high == nil, let digest = SHA256Digest(bytes: bytes) else { return nil }
        self.digest = digest
    }

    package var text: String {
        let hex = digest.bytes.flatMap { [Self.digit($0 >> 4), Self.digit($0 & 15)] }
        return Self.prefix + String(decoding: hex, as: UTF8.self)
    }

    package var description: String { text }

    /// Takes a member that may be left out.
    static func read(_ name: String, in fields: inout FieldReader) throws(FieldError) -> CompositionDigest? {
        guard let text = try fields.optionalString(name) else { return nil }
        guard let digest = CompositionDigest(text) else { throw fields.failure(name, .invalid(rule: rule)) }
        return digest
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
