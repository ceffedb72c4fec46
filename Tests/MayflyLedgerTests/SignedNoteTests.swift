import MayflyCrypto
import MayflyLedger
import MayflyModel
import Testing

@Suite struct SignedNoteTests {
    @Test func `published notes verify under their published keys`() throws {
        let cases = try #require(try NoteFixtures.vectors()["valid"]?.arrayValue)
        try #require(!cases.isEmpty)
        for value in cases {
            let vector = try #require(value.objectValue)
            let vkey = try #require(vector["vkey"]?.stringValue)
            let text = try #require(vector["note"]?.stringValue)
            let key = try NoteVerifierKey(vkey: vkey)
            let note = try SignedNote.parse(Array(text.utf8))
            #expect(key.text == vkey)
            #expect(try note.verify(with: [key]) == [key.name])
            #expect(note.encoded() == text)
        }
    }

    @Test func `signing gives the published signature bit for bit`() throws {
        let vector = try #require(try NoteFixtures.vectors()["signing"]?.objectValue)
        let text = try #require(vector["text"]?.stringValue)
        let privateKey = try NoteFixtures.privateKey(skey: try #require(vector["skey"]?.stringValue))
        let signer = try Ed25519NoteSigner(name: "PeterNeumann", privateKey: privateKey)
        #expect(signer.key.text == vector["vkey"]?.stringValue)
        let line = try #require(vector["signature_line"]?.stringValue)
        #expect(try SignedNote.sign(text: text, with: signer).encoded() == text + "\n" + line)
    }

    @Test func `a note signed here is read back and verifies, blank lines in its text included`() throws {
        let signer = try NoteFixtures.signer("log.example")
        for text in ["a\n", "\n", "a\n\nb\n", "a\n\n", "\n\n\n", "è \u{2014} x y\n"] {
            let note = try SignedNote.sign(text: text, with: signer)
            let read = try SignedNote.parse(Array(note.encoded().utf8))
            #expect(read == note)
            #expect(read.text.utf8.elementsEqual(text.utf8))
            #expect(try read.verify(with: [signer.key]) == ["log.example"])
        }
    }

    @Test(arguments: ["", "no newline", "bell\u{7}\n", "return\r\n", "tab\t\n", "nul\u{0}\n"])
    func `text that a note cannot carry is not signed`(text: String) throws {
        let signer = try NoteFixtures.signer("log.example")
        #expect(throws: LedgerError.self) { try SignedNote.sign(text: text, with: signer) }
    }

    @Test func `signatures of unknown keys count for nothing and do no harm`() throws {
        let log = try NoteFixtures.signer("log.example")
        let namesake = try NoteFixtures.signer("log.example")
        let other = try NoteFixtures.signer("other.example")
        let note = try SignedNote.sign(text: "a\n", with: other).cosigned(by: namesake).cosigned(by: log)

        #expect(try note.verify(with: [log.key]) == ["log.example"])
        #expect(try note.verify(with: [log.key, log.key]) == ["log.example"])
        #expect(try note.verify(with: [log.key, namesake.key]) == ["log.example"])
        #expect(try note.verify(with: [log.key, other.key]) == ["other.example", "log.example"])
        let stranger = try NoteFixtures.signer("log.example")
        #expect(throws: LedgerError.noTrustedSignature) { try note.verify(with: [stranger.key]) }
        #expect(throws: LedgerError.noTrustedSignature) { try note.verify(with: []) }
    }

    @Test func `a wrong signature under a known key rejects the note, whoever else signed`() throws {
        let log = try NoteFixtures.signer("log.example")
        let other = try NoteFixtures.signer("other.example")
        let forged = try SignedNote.sign(text: "b\n", with: other).signatures
        let good = try SignedNote.sign(text: "a\n", with: log)
        let line = SignedNoteTests.line(try #require(forged.first))
        let note = try SignedNote.parse(Array((good.encoded() + line).utf8))

        #expect(try note.verify(with: [log.key]) == ["log.example"])
        #expect(throws: LedgerError.badSignature(name: "other.example")) {
            try note.verify(with: [log.key, other.key])
        }
    }

    @Test func `a key id under another name, or a name with another key id, is another key`() throws {
        let log = try NoteFixtures.signer("log.example")
        let real = try #require(try SignedNote.sign(text: "a\n", with: log).signatures.first)
        for (name, id) in [("log.examplf", real.keyID), ("log.example", real.keyID ^ 1)] {
            let renamed = try NoteSignature(name: name, keyID: id, signature: real.signature)
            let note = try SignedNote.parse(Array(("a\n\n" + Self.line(renamed)).utf8))
            #expect(throws: LedgerError.noTrustedSignature) { try note.verify(with: [log.key]) }
        }
    }

    @Test func `names that only look alike are different signers`() throws {
        let composed = try NoteFixtures.signer("caf\u{E9}.example")
        let note = try SignedNote.sign(text: "a\n", with: composed)
        let line = try #require(note.signatures.first)
        let respelled = try NoteSignature(name: "cafe\u{301}.example", keyID: line.keyID, signature: line.signature)
        #expect(respelled != line)
        let forged = try SignedNote.parse(Array(("a\n\n" + Self.line(respelled)).utf8))
        #expect(forged != note)
        #expect(throws: LedgerError.noTrustedSignature) { try forged.verify(with: [composed.key]) }
    }

    @Test func `no bit of a note can change without the note failing`() throws {
        let signer = try NoteFixtures.signer("log.example")
        let bytes = Array(try SignedNote.sign(text: "origin\n12\nroot\n", with: signer).encoded().utf8)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                #expect(throws: LedgerError.self, "byte \(index), bit \(bit)") {
                    try SignedNote.parse(changed).verify(with: [signer.key])
                }
            }
        }
    }

    @Test func `sixteen signatures are read and signed, seventeen are not`() throws {
        var note = try SignedNote.sign(text: "a\n", with: try NoteFixtures.signer("0.example"))
        for index in 1..<16 { note = try note.cosigned(by: try NoteFixtures.signer("\(index).example")) }
        #expect(try SignedNote.parse(Array(note.encoded().utf8)).signatures.count == 16)
        let more = try NoteFixtures.signer("16.example")
        #expect(throws: LedgerError.tooManySignatures) { try note.cosigned(by: more) }
        let line = Self.line(try #require(note.signatures.first))
        let bytes = Array((note.encoded() + line).utf8)
        #expect(throws: LedgerError.tooManySignatures) { try SignedNote.parse(bytes) }
    }

    /// A signature line, written independently of the code under test.
    static func line(_ signature: NoteSignature) -> String {
        let id = [24, 16, 8, 0].map { UInt8(signature.keyID >> UInt32($0) & 0xFF) }
        return "\u{2014} \(signature.name) \(Base64.encode(id + signature.signature))\n"
    }
}
