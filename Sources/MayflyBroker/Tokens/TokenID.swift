import MayflyCrypto
import MayflyModel
import Synchronization

/// The names that a token carries besides agents: its `jti`, its task, its trace.
package enum TokenID {
    /// Characters of a `jti` that Mayfly makes: 16 random bytes in base64url.
    package static let length = 22
    package static let maximumLength = 64
    package static let maximumTaskLength = 128

    static func random() throws(OAuthError) -> String {
        try random(count: 1).text(0)
    }

    /// Random bytes for `count` names, each given once.
    static func random(count: Int) throws(OAuthError) -> RandomNames {
        let size = count * RandomNames.size
        do throws(CryptoError) {
            return try drawn.withLock { (drawn) throws(CryptoError) in
                if drawn.count < size { drawn = try SecureRandom.bytes(max(size, drawSize))[...] }
                defer { drawn = drawn.dropFirst(size) }
                return RandomNames(bytes: drawn.prefix(size))
            }
        } catch {
            throw OAuthError(.temporarilyUnavailable, "the system gave no random bytes")
        }
    }

    /// Bytes for the next names: a draw costs more than what else is done for a name, whatever its size.
    ///
    /// Names are no secrets, so they may be known here before they are used. Codes and secrets are drawn one by one.
    private static let drawn = Mutex<ArraySlice<UInt8>>([])
    private static let drawSize = 64 * RandomNames.size

    /// Names of 16 random bytes each.
    struct RandomNames: Sendable {
        fileprivate static let size = 16
        fileprivate let bytes: ArraySlice<UInt8>

        /// The name at `index` in base64url.
        func text(_ index: Int) -> String { Base64URL.encode(name(index)) }

        /// The name at `index` as a W3C trace id.
        func trace(_ index: Int) -> String {
            var text: [UInt8] = []
            text.reserveCapacity(2 * Self.size)
            for byte in name(index) {
                text.append(TokenID.hex(byte >> 4))
                text.append(TokenID.hex(byte & 15))
            }
            return String(decoding: text, as: UTF8.self)
        }

        private func name(_ index: Int) -> ArraySlice<UInt8> { bytes.dropFirst(index * Self.size).prefix(Self.size) }
    }

    /// A task's name: 1 to 128 of letters, digits and `. _ : -`.
    package static func isTask(_ text: String) -> Bool {
        (1...maximumTaskLength).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x3A).contains($0)
                    || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
            }
    }

    /// A W3C trace id: 32 lower-case hex digits, not all zero.
    package static func isTrace(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            && text.utf8.contains { $0 != 0x30 }
    }

    fileprivate static func hex(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }
}
