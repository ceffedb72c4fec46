internal import MayflyModel

/// One signature line of a signed note: `— <name> base64(key id ‖ signature)`.
package struct NoteSignature: Equatable, Sendable {
    private static let lead = Array("\u{2014} ".utf8)
    private static let keyIDBytes = 4

    /// The signer's name; with `keyID` it says which key and algorithm, and proves nothing until verified.
    package let name: String
    package let keyID: UInt32
    /// The bytes that the signature algorithm gave.
    package let signature: [UInt8]

    /// Throws `.invalidKeyName`, or `.malformedSignatureLine` for no signature bytes.
    package init(name: String, keyID: UInt32, signature: [UInt8]) throws(LedgerError) {
        guard NoteVerifierKey.isValidName(name) else { throw .invalidKeyName }
        guard !signature.isEmpty else { throw .malformedSignatureLine }
        self.name = name
        self.keyID = keyID
        self.signature = signature
    }

    /// Reads one line without its newline.
    init(line: some Collection<UInt8>) throws(LedgerError) {
        guard line.starts(with: Self.lead) else { throw .malformedSignatureLine }
        let fields = line.dropFirst(Self.lead.count)
        guard let space = fields.firstIndex(of: UInt8(ascii: " ")),
            let name = String(validating: fields[..<space], as: UTF8.self),
            NoteVerifierKey.isValidName(name),
            let bytes = Base64.decode(fields[space...].dropFirst()),
            bytes.count > Self.keyIDBytes
        else { throw .malformedSignatureLine }
        self.name = name
        keyID = bytes.prefix(Self.keyIDBytes).reduce(0) { $0 << 8 | UInt32($1) }
        signature = Array(bytes.dropFirst(Self.keyIDBytes))
    }

    /// The line with its newline.
    var line: String {
        let id = (0..<UInt32(Self.keyIDBytes)).map { UInt8(truncatingIfNeeded: keyID >> (24 - 8 * $0)) }
        return "\u{2014} \(name) \(Base64.encode(id + signature))\n"
    }

    package static func == (left: NoteSignature, right: NoteSignature) -> Bool {
        left.keyID == right.keyID && left.signature == right.signature && TextFields.same(left.name, right.name)
    }
}
