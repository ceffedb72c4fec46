import MayflyLedger
import MayflyModel
import Testing

@Suite struct NoteParsingTests {
    private static let withoutSignature = "text\n\n\u{2014} log.example AAAAAQ==\n"

    /// The same with five bytes, the fewest that hold a key id and a signature.
    private static let least = "text\n\n\u{2014} log.example AAAAAQI=\n"

    private static let malformed: [(String, LedgerError)] = [
        ("", .noteStructure),
        ("\n", .noteStructure),
        ("\n\n", .noteStructure),
        ("text\n", .noteStructure),
        ("text\n\n", .noteStructure),
        ("\n\u{2014} log.example AAAAAQI=\n", .noteStructure),
        ("text\n\u{2014} log.example AAAAAQI=\n", .noteStructure),
        ("text\n\n\u{2014} log.example AAAAAQI=", .noteStructure),
        ("text\n\n\u{2014} log.example AAAAAQI=\n\n", .noteStructure),
        ("text\r\n\r\n\u{2014} log.example AAAAAQI=\r\n", .noteNotText),
        ("text\u{0}\n\n\u{2014} log.example AAAAAQI=\n", .noteNotText),
        ("text\n\n\u{2014} log.example\tAAAAAQI=\n", .noteNotText),
        ("text\n\nx\n", .malformedSignatureLine),
        ("text\n\n- log.example AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2013} log.example AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n \u{2014} log.example AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2014}log.example AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2014}  AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2014} AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log+example AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log\u{A0}example AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log\u{3000}example AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log.example  AAAAAQI=\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log.example AAAAAQI= \n", .malformedSignatureLine),
        ("text\n\n\u{2014} log.example AAAAAQI= x\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log.example AAAAAQI\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log.example AAAAAQJ=\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log.example AAAAA-I=\n", .malformedSignatureLine),
        ("text\n\n\u{2014} log.example \n", .malformedSignatureLine),
        ("text\n\n\u{2014} log.example\n", .malformedSignatureLine),
        (withoutSignature, .malformedSignatureLine),
        ("text\n\n\u{2014} log.example AAAAAQI=\nx\n", .malformedSignatureLine),
    ]

    @Test(arguments: malformed)
    func `a malformed note is refused with its reason`(text: String, reason: LedgerError) {
        #expect(throws: reason) { try SignedNote.parse(Array(text.utf8)) }
    }

    @Test func `the smallest note is read`() throws {
        let note = try SignedNote.parse(Array(Self.least.utf8))
        #expect(note.text == "text\n")
        #expect(note.signatures == [try NoteSignature(name: "log.example", keyID: 1, signature: [2])])
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x80],
        ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: LedgerError.noteNotText) { try SignedNote.parse(bytes + Array(Self.least.utf8)) }
    }

    @Test func `a note of 64 KiB is read and one byte more is not`() throws {
        let fill = String(repeating: "x", count: SignedNote.maximumBytes - Self.least.utf8.count)
        #expect(try SignedNote.parse(Array((fill + Self.least).utf8)).text == fill + "text\n")
        #expect(throws: LedgerError.noteTooLarge) { try SignedNote.parse(Array(("x" + fill + Self.least).utf8)) }
    }

    @Test(arguments: [UInt64(1), 20_260_722])
    func `random bytes and random cuts never trap, and what is read is written the same`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let seedText = Array(("a\n\nb\n\n" + String(repeating: "\u{2014} l.example AAAAAQI=\n", count: 3)).utf8)
        for _ in 0..<2000 {
            var bytes = seedText
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                guard !bytes.isEmpty else { break }
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.remove(at: index)
                case 1: bytes.insert(bytes[Int.random(in: bytes.indices, using: &random)], at: index)
                default: bytes.removeSubrange(index...)
                }
            }
            if let note = try? SignedNote.parse(bytes) {
                #expect(Array(note.encoded().utf8) == bytes)
            }
        }
    }

    private static let peter = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

    @Test(arguments: [
        "", "PeterNeumann", "PeterNeumann+c74f20a3", "+c74f20a3+" + peter, "PeterNeumann++" + peter,
        "PeterNeumann+c74f20a4+" + peter, "PeterNeumann+C74F20A3+" + peter, "PeterNeumann+74f20a3+" + peter,
        "PeterNeumanN+c74f20a3+" + peter, "Peter Neumann+c74f20a3+" + peter, "PeterNeumann+c74f20a3+" + peter + "\n",
        "PeterNeumann+c74f20a3+", "PeterNeumann+c74f20a3+AQ==", "PeterNeumann+c74f20a3+AhpcAA==",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq_LDE4izWy10TW",
    ])
    func `a verifier key that is not its name, id and key is refused`(vkey: String) {
        #expect(throws: LedgerError.invalidVerifierKey) { try NoteVerifierKey(vkey: vkey) }
    }

    @Test(arguments: ["", "a b", "a+b", "a\nb", "a\u{2003}b", "a\u{85}", "\u{0}"])
    func `a key name with a space, a plus sign or a control character is refused`(name: String) throws {
        let raw = try #require(Base64.decode(Self.peter)).dropFirst()
        #expect(throws: LedgerError.invalidKeyName) { try NoteVerifierKey(name: name, ed25519: Array(raw)) }
    }
}
