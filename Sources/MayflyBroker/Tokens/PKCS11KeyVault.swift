package import MayflyCrypto
import MayflyModel

/// Signing keys that a PKCS#11 token makes and never lets out, found by their thumbprint as CKA_ID.
///
/// A key that is not in the token is looked for in `files`: so a broker moves from files into a token with two
/// rotations, and nothing stops.
package struct PKCS11KeyVault: KeyVault {
    private let token: PKCS11Token
    private let files: FileKeyVault

    package init(token: PKCS11Token, files: FileKeyVault) {
        (self.token, self.files) = (token, files)
    }

    package func create(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> PrivateKey {
        try token.generate(algorithm) { "mayfly sign-\($0)" }
    }

    package func load(_ keyID: String) throws(CryptoError) -> PrivateKey {
        let name = try Self.name(keyID)
        do {
            return try token.privateKey(name)
        } catch .pkcs11(.keyMissing) {
            do {
                return try files.load(keyID)
            } catch .keyFile {
                throw .pkcs11(.keyMissing)
            }
        }
    }

    package func remove(_ keyID: String) {
        files.remove(keyID)
        // One that cannot be reached now is tried again at the next start.
        guard let name = try? Self.name(keyID) else { return }
        try? token.remove(name)
    }

    private static func name(_ keyID: String) throws(CryptoError) -> PKCS11Token.Name {
        guard let id = Base64URL.decode(keyID), id.count == SHA256Digest.byteCount else { throw .invalidKey }
        return PKCS11Token.Name(id: id)
    }
}
