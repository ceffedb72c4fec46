/// OpenSSL's form of one key, shared by whoever verifies or signs with it now.
final class ParsedKey: Sendable {
    /// What the key is for; a private key verifies with its public half, which is a form of its own.
    enum Use {
        case verifying, signing
    }

    let key: KeyHandle
    /// Nil for a key of another type.
    private let ecdsa: ECDSAOperation?

    init(_ key: consuming KeyHandle, for use: Use) {
        if key.isA("EC") {
            ecdsa =
                switch use {
                case .verifying: ECDSAOperation(verifyingWith: key)
                case .signing: ECDSAOperation(signingWith: key)
                }
        } else {
            ecdsa = nil
        }
        self.key = key
    }

    /// Verifies a signature in the shape that JWS gives it; every failure is false.
    func verifies(_ signature: [UInt8], over message: [UInt8], with algorithm: SignatureAlgorithm) -> Bool {
        guard algorithm == .es256 else { return key.verifies(signature, over: message, with: algorithm) }
        return ecdsa?.verifies(signature, over: message) ?? false
    }

    /// Signs in the shape that JWS wants.
    func signature(over message: [UInt8], with algorithm: SignatureAlgorithm) throws(CryptoError) -> [UInt8] {
        guard algorithm == .es256 else { return try key.signature(over: message, with: algorithm) }
        guard let signature = try ecdsa?.signature(over: message) else { throw .invalidKey }
        return signature
    }
}
