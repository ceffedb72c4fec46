internal import MayflyCrypto
internal import MayflyModel

/// The public half of a note key: the name and key id that signature lines carry, and an Ed25519 key.
package struct NoteVerifierKey: Equatable, Sendable {
    /// The signature type that C2SP signed-note assigns to Ed25519.
    private static let ed25519Type: UInt8 = 0x01
    /// Far longer than any name in use; keeps the work on a foreign text small.
    private static let maximumTextBytes = 1024

    package let name: String
    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), big-endian.
    package let keyID: UInt32
    private let publicKey: PublicKey
    private let rawKey: [UInt8]

    /// Takes the 32 bytes of an Ed25519 public key.
    ///
    /// Throws `.invalidKeyName`, or `.invalidVerifierKey` for bytes that are no sound key.
    package init(name: String, ed25519 raw: [UInt8]) throws(LedgerError) {
        guard Self.isValidName(name) else { throw .invalidKeyName }
        guard let publicKey = try? PublicKey(ed25519Raw: raw) else { throw .invalidVerifierKey }
        self.name = name
        self.publicKey = publicKey
        rawKey = raw
        let identity = Array(name.utf8) + [TextFields.newline, Self.ed25519Type] + raw
        keyID = SHA256.digest(of: identity).bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads `<name>+<8 hex digits>+<base64(0x01 ‖ public key)>`, a C2SP vkey.
    ///
    /// Throws `.invalidVerifierKey`, also when the key id is not that of the name and key.
    package init(vkey: String) throws(LedgerError) {
        guard vkey.utf8.count <= Self.maximumTextBytes else { throw .invalidVerifierKey }
        // The base64 may hold further plus signs.
        let fields = vkey.utf8.split(separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3,
            let material = Base64.decode(fields[2]), material.first == Self.ed25519Type,
            let key = try? NoteVerifierKey(name: String(Substring(fields[0])), ed25519: Array(material.dropFirst())),
            key.keyIDText.utf8.elementsEqual(fields[1])
        else { throw .invalidVerifierKey }
        self = key
    }

    /// The vkey, for people who are to check the log.
    package var text: String {
        "\(name)+\(keyIDText)+\(Base64.encode([Self.ed25519Type] + rawKey))"
    }

    /// Whether somebody means this key: by its RFC 7638 thumbprint, the eight digits of its key id, or the vkey.
    package func isCalled(_ name: String) -> Bool {
        [publicKey.thumbprint, keyIDText, text].contains { TextFields.same($0, name) }
    }

    package static func == (left: NoteVerifierKey, right: NoteVerifierKey) -> Bool {
        left.rawKey == right.rawKey && TextFields.same(left.name, right.name)
    }

    /// Whether `signature` says that it is this key's; only `verify` knows.
    func matches(_ signature: NoteSignature) -> Bool {
        signature.keyID == keyID && TextFields.same(signature.name, name)
    }

    /// RFC 8032 §5.1.7; every failure is false.
    func verify(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        publicKey.verify(signature, over: message, with: .edDSA)
    }

    /// One word without a plus sign: not empty, no Unicode white space, no control character.
    static func isValidName(_ name: String) -> Bool {
        TextFields.isLine(name)
            && name.unicodeScalars.allSatisfy { $0 != "+" && !$0.properties.isWhitespace }
    }

    private var keyIDText: String {
        let digits = String(keyID, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}
