import MayflyCrypto
import MayflyModel

/// Nonces that make a proof at the token endpoint fresh (RFC 9449 §8); nothing is kept of them.
///
/// A nonce is the second in which it was made, and a code over it that the broker alone can make. Its key is derived
/// from a signing key, so nonces hold across restarts and end with a rotation.
package struct DPoPNonces: Sendable {
    /// Seconds for which one is taken.
    package static let life: Int64 = 300

    let keyring: Keyring
    let clock: BrokerClock

    private static let codeLength = 16

    /// A nonce for the next proof.
    ///
    /// Nil when OpenSSL fails: the client then has none, and must come again.
    package func fresh() -> String? {
        let second = clock.now().seconds
        return code(second).map { Base64URL.encode(Self.bytes(of: second) + $0) }
    }

    /// Whether it is one of ours and not older than `life`.
    func accepts(_ nonce: String) -> Bool {
        guard let bytes = Base64URL.decode(nonce), bytes.count == 8 + Self.codeLength else { return false }
        let second = bytes.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let now = clock.now().seconds
        guard second <= now, second > now - Self.life else { return false }
        return code(second).map { ConstantTime.equal(Array(bytes.dropFirst(8)), $0) } ?? false
    }

    private func code(_ second: Int64) -> [UInt8]? {
        // The place is part of it: a nonce of another place would not be good here.
        let code = try? keyring.code(of: Array("token endpoint".utf8) + Self.bytes(of: second))
        return code.map { Array($0.prefix(Self.codeLength)) }
    }

    /// Big-endian.
    private static func bytes(of second: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: second >> (56 - 8 * Int64($0))) }
    }
}
