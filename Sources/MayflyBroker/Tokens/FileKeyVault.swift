internal import Glibc
package import MayflyCrypto
import MayflyModel

/// Signing keys in files of their own, `sign-<kid>.pem`, mode 0600, in one directory, encrypted or not.
package struct FileKeyVault: KeyVault {
    private let directory: String
    /// Opens files that are encrypted, and encrypts new ones.
    private let passphrase: Secret?

    package init(directory: String, passphrase: Secret? = nil) {
        (self.directory, self.passphrase) = (directory, passphrase)
    }

    package func create(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> PrivateKey {
        let key = try PrivateKey.generate(algorithm)
        try PrivateKeyFile.write(key, to: path(key.publicKey.thumbprint), passphrase: passphrase)
        return key
    }

    package func load(_ keyID: String) throws(CryptoError) -> PrivateKey {
        guard Self.isThumbprint(keyID) else { throw .invalidKey }
        return try PrivateKeyFile.read(path(keyID), passphrase: passphrase)
    }

    package func remove(_ keyID: String) {
        guard Self.isThumbprint(keyID) else { return }
        unlink(path(keyID))
    }

    /// A thumbprint is 43 base64url characters; anything else never reaches the file system.
    private static func isThumbprint(_ text: String) -> Bool {
        text.utf8.count == 43 && Base64URL.decode(text) != nil
    }

    private func path(_ keyID: String) -> String {
        "\(directory)/sign-\(keyID).pem"
    }
}
