package import MayflyCrypto

/// Signs notes with an Ed25519 private key.
package struct Ed25519NoteSigner: NoteSigner {
    package let key: NoteVerifierKey
    private let privateKey: PrivateKey

    /// `name` is the log's origin; throws `.invalidKeyName`, or `.invalidVerifierKey` unless the key is Ed25519.
    package init(name: String, privateKey: PrivateKey) throws(LedgerError) {
        guard let raw = privateKey.publicKey.ed25519Raw else { throw .invalidVerifierKey }
        key = try NoteVerifierKey(name: name, ed25519: raw)
        self.privateKey = privateKey
    }

    package func sign(_ message: [UInt8]) throws(LedgerError) -> [UInt8] {
        do {
            return try privateKey.sign(message)
        } catch {
            throw .signingFailed
        }
    }
}
