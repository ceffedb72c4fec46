/// Whatever can sign notes under one name and key.
package protocol NoteSigner: Sendable {
    /// The public half, by which others verify.
    var key: NoteVerifierKey { get }

    /// The signature over exactly these bytes; throws `.signingFailed`.
    func sign(_ message: [UInt8]) throws(LedgerError) -> [UInt8]
}
