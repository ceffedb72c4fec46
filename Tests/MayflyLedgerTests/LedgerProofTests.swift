import MayflyCrypto
import MayflyLedger
import MayflyModel
import Testing

@Suite struct LedgerProofTests {
    private static let tree = GrownTree(size: 600)
    private static let hash = Base64.encode(LedgerHash.emptyRoot.bytes)
    private static let note = "log.example\n2\n\(hash)\n\n\u{2014} log.example AAAAAQI=\n"

    @Test(arguments: [UInt64(0), 255, 256, 511, 599])
    func `a proof survives its file and holds for its own entry only`(index: UInt64) throws {
        let log = try NoteFixtures.signer("log.example")
        let proof = try makeProof(index, log)
        let read = try LedgerProof.parse(Array(proof.encoded().utf8))
        #expect(read == proof)
        #expect(try read.verify(entry: entry(index), with: [log.key]).size == 600)

        #expect(throws: LedgerError.proofMismatch) { try read.verify(entry: entry(index + 1), with: [log.key]) }
        let moved = try LedgerProof(index: index ^ 1, path: proof.path, checkpoint: proof.checkpoint)
        #expect(throws: LedgerError.proofMismatch) { try moved.verify(entry: entry(index), with: [log.key]) }
        let beyond = try LedgerProof(index: .max, path: proof.path, checkpoint: proof.checkpoint)
        #expect(throws: LedgerError.proofMismatch) { try beyond.verify(entry: entry(index), with: [log.key]) }
        let stranger = try NoteFixtures.signer("log.example")
        #expect(throws: LedgerError.noTrustedSignature) { try read.verify(entry: entry(index), with: [stranger.key]) }
    }

    @Test func `a checkpoint of another origin signed by a trusted key proves nothing`() throws {
        let witness = try NoteFixtures.signer("witness.example")
        let checkpoint = try NoteFixtures.checkpoint(Self.tree, 1)
        let note = try SignedNote.sign(text: checkpoint.body(), with: witness)
        let proof = try LedgerProof(index: 0, path: [], checkpoint: note)
        #expect(throws: LedgerError.originNotTrusted) { try proof.verify(entry: entry(0), with: [witness.key]) }
    }

    @Test func `the file is laid out as the specification says`() throws {
        let note = try SignedNote.parse(Array(Self.note.utf8))
        let root = LedgerHash.emptyRoot
        let proof = try LedgerProof(index: 73_894, path: [root, root], checkpoint: note, extra: [0x61, 0x67, 0x65])
        #expect(
            proof.encoded()
                == "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 73894\n\(Self.hash)\n\(Self.hash)\n\n\(Self.note)")
        let bare = try LedgerProof(index: 0, path: [], checkpoint: note)
        #expect(bare.encoded() == "c2sp.org/tlog-proof@v1\nindex 0\n\n\(Self.note)")
        for each in [proof, bare] { #expect(try LedgerProof.parse(Array(each.encoded().utf8)) == each) }
    }

    private static let malformed = [
        "", "\n", "c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\n\(note)", "c2sp.org/tlog-proof@v1 \nindex 0\n\n\(note)",
        "c2sp.org/tlog-proof@v1\r\nindex 0\n\n\(note)", "\nc2sp.org/tlog-proof@v1\nindex 0\n\n\(note)",
        "c2sp.org/tlog-proof@v1\n\n\(note)", "c2sp.org/tlog-proof@v1\nindex 0", "c2sp.org/tlog-proof@v1\nindex 0\n",
        "c2sp.org/tlog-proof@v1\nindex \n\n\(note)", "c2sp.org/tlog-proof@v1\nindex 00\n\n\(note)",
        "c2sp.org/tlog-proof@v1\nindex 01\n\n\(note)", "c2sp.org/tlog-proof@v1\nindex -1\n\n\(note)",
        "c2sp.org/tlog-proof@v1\nindex  1\n\n\(note)", "c2sp.org/tlog-proof@v1\nindex\n\n\(note)",
        "c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\n\(note)",
        "c2sp.org/tlog-proof@v1\nindex 0\nindex 0\n\n\(note)", "c2sp.org/tlog-proof@v1\nindex 0\nextra YWdl\n\n\(note)",
        "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n\(note)", "c2sp.org/tlog-proof@v1\nextra YWd\nindex 0\n\n\(note)",
        "c2sp.org/tlog-proof@v1\nextra YWdl\nextra YWdl\nindex 0\n\n\(note)",
        "c2sp.org/tlog-proof@v1\nextra YWdl\n\n\(note)", "c2sp.org/tlog-proof@v1\nextra YWdl",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n\(note)", "c2sp.org/tlog-proof@v1\nindex 0\n\(hash) \n\n\(note)",
        "c2sp.org/tlog-proof@v1\nindex 0\n\(note)",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + String(repeating: hash + "\n", count: 65) + "\n" + note,
        "c2sp.org/tlog-proof@v1\nindex 0\n" + String(repeating: hash + "\n", count: 3000) + "\n" + note,
    ]

    @Test(arguments: malformed)
    func `a malformed file is refused`(file: String) {
        #expect(throws: LedgerError.malformedProof) { try LedgerProof.parse(Array(file.utf8)) }
    }

    @Test func `a malformed checkpoint in the file is refused for its own reason`() {
        let head = "c2sp.org/tlog-proof@v1\nindex 0\n\n"
        let cases: [(String, LedgerError)] = [
            ("", .noteStructure), ("x\n", .noteStructure), ("x\n\ny\n", .malformedSignatureLine),
            ("\u{7}", .noteNotText),
        ]
        for (note, reason) in cases {
            #expect(throws: reason) { try LedgerProof.parse(Array((head + note).utf8)) }
        }
    }

    @Test func `what the file cannot carry is not made into a proof`() throws {
        let note = try SignedNote.parse(Array(Self.note.utf8))
        let long = [SHA256Digest](repeating: LedgerHash.emptyRoot, count: 65)
        #expect(throws: LedgerError.malformedProof) { try LedgerProof(index: 0, path: long, checkpoint: note) }
        #expect(throws: LedgerError.malformedProof) {
            try LedgerProof(index: 0, path: [], checkpoint: note, extra: [])
        }
        let heavy = [UInt8](repeating: 0, count: LedgerProof.maximumBytes)
        #expect(throws: LedgerError.malformedProof) {
            try LedgerProof(index: 0, path: [], checkpoint: note, extra: heavy)
        }
    }

    @Test func `no bit of a proof file can change without the proof failing`() throws {
        let log = try NoteFixtures.signer("log.example")
        let bytes = Array(try makeProof(300, log).encoded().utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(throws: LedgerError.self, "byte \(index)") {
                try LedgerProof.parse(changed).verify(entry: entry(300), with: [log.key])
            }
        }
    }

    private func makeProof(_ index: UInt64, _ signer: Ed25519NoteSigner) throws -> LedgerProof {
        let path = try MerkleTree(source: RecordingSource(Self.tree), size: 600).inclusionProof(of: index, size: 600)
        let note = try NoteFixtures.checkpoint(Self.tree, 600).signed(by: signer)
        return try LedgerProof(index: index, path: path, checkpoint: note)
    }
}
