/// Text signed by one or more keys, in the C2SP signed-note format.
///
/// Nothing in `text` may be believed before `verify` has named a trusted signer.
package struct SignedNote: Equatable, Sendable {
    /// The largest note that is read or written.
    package static let maximumBytes = 65_536
    /// The fewest that the format lets a verifier stop at.
    package static let maximumSignatures = 16

    /// What is signed, with its final newline and without the blank line that follows.
    package let text: String
    /// One to `maximumSignatures`, in the order of the file.
    package let signatures: [NoteSignature]

    /// Signs `text`, which must end in a newline and have no other control character.
    package static func sign(text: String, with signer: any NoteSigner) throws(LedgerError) -> SignedNote {
        try checkText(text)
        return try SignedNote(text: text, signatures: [signature(of: text, by: signer)])
    }

    /// The same note with one signature more, of a second log key or of a witness.
    package func cosigned(by signer: any NoteSigner) throws(LedgerError) -> SignedNote {
        try SignedNote(text: text, signatures: signatures + [Self.signature(of: text, by: signer)])
    }

    /// The names of the trusted keys that signed, each proved and none twice.
    ///
    /// A signature whose name and key id match no key is passed over. Throws `.badSignature` when one under a known key
    /// is wrong, `.noTrustedSignature` when none is left.
    package func verify(with keys: [NoteVerifierKey]) throws(LedgerError) -> [String] {
        let message = Array(text.utf8)
        var names: [String] = []
        for signature in signatures {
            for key in keys where key.matches(signature) {
                guard key.verify(signature.signature, over: message) else { throw .badSignature(name: key.name) }
                if !names.contains(where: { TextFields.same($0, key.name) }) { names.append(key.name) }
            }
        }
        guard !names.isEmpty else { throw .noTrustedSignature }
        return names
    }

    /// The note as a file: the text, a blank line, one line for each signature.
    package func encoded() -> String {
        text + "\n" + signatures.map(\.line).joined()
    }

    /// Reads a whole note; `encoded()` gives the same bytes again.
    package static func parse(_ bytes: [UInt8]) throws(LedgerError) -> SignedNote {
        guard bytes.count <= maximumBytes else { throw .noteTooLarge }
        guard TextFields.text(bytes) != nil else { throw .noteNotText }
        guard let end = endOfText(bytes), let text = TextFields.text(bytes[..<end]) else { throw .noteStructure }

        // The text keeps its newline; the blank line after it goes.
        let block = bytes[(end + 1)...]
        guard !block.isEmpty, block.last == TextFields.newline else { throw .noteStructure }
        let lines = block.dropLast().split(
            separator: TextFields.newline, maxSplits: maximumSignatures, omittingEmptySubsequences: false)
        guard lines.count <= maximumSignatures else { throw .tooManySignatures }
        var signatures: [NoteSignature] = []
        for line in lines { signatures.append(try NoteSignature(line: line)) }
        return try SignedNote(text: text, signatures: signatures)
    }

    package static func == (left: SignedNote, right: SignedNote) -> Bool {
        left.signatures == right.signatures && TextFields.same(left.text, right.text)
    }

    private init(text: String, signatures: [NoteSignature]) throws(LedgerError) {
        guard signatures.count <= Self.maximumSignatures else { throw .tooManySignatures }
        self.text = text
        self.signatures = signatures
        guard encoded().utf8.count <= Self.maximumBytes else { throw .noteTooLarge }
    }

    private static func checkText(_ text: String) throws(LedgerError) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 || $0 == TextFields.newline }) else { throw .noteNotText }
        guard text.utf8.last == TextFields.newline else { throw .noteStructure }
    }

    private static func signature(of text: String, by signer: any NoteSigner) throws(LedgerError) -> NoteSignature {
        let key = signer.key
        return try NoteSignature(name: key.name, keyID: key.keyID, signature: signer.sign(Array(text.utf8)))
    }

    /// The index after the newline that ends the text: where the last blank line begins.
    private static func endOfText(_ bytes: [UInt8]) -> Int? {
        var index = bytes.count - 1
        while index > 0 {
            if bytes[index] == TextFields.newline, bytes[index - 1] == TextFields.newline { return index }
            index -= 1
        }
        return nil
    }
}
