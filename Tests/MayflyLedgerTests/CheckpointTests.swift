import MayflyCrypto
import MayflyLedger
import MayflyModel
import Testing

@Suite struct CheckpointTests {
    private static let tree = GrownTree(size: 600)
    private static let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

    @Test func `the example of the specification is read and written`() throws {
        let body = "example.com/behind-the-sofa\n20852163\n\(Self.root)\n"
        let checkpoint = try Checkpoint.parse(body)
        #expect(checkpoint.origin == "example.com/behind-the-sofa")
        #expect(checkpoint.size == 20_852_163)
        #expect(Base64.encode(checkpoint.root.bytes) == Self.root)
        #expect(checkpoint.extensions.isEmpty)
        #expect(checkpoint.body() == body)
    }

    @Test(arguments: [
        "o\n0\n\(root)\n", "o\n18446744073709551615\n\(root)\n", "o o+\n1\n\(root)\nextension\n",
        "è\n1\n\(root)\na\nb\n",
    ])
    func `a well-formed body is written as it was read`(body: String) throws {
        #expect(try Checkpoint.parse(body).body() == body)
    }

    @Test(arguments: [
        "", "\n", "o\n", "o\n1\n", "o\n1\n\(root)", "\n1\n\(root)\n", "o\n\n\(root)\n", "o\n01\n\(root)\n",
        "o\n00\n\(root)\n", "o\n+1\n\(root)\n", "o\n-1\n\(root)\n", "o\n 1\n\(root)\n", "o\n1 \n\(root)\n",
        "o\n0x1\n\(root)\n", "o\n18446744073709551616\n\(root)\n", "o\n99999999999999999999999\n\(root)\n",
        "o\n1\n\n", "o\n1\nAAAA\n", "o\n1\n\(root)AAAA\n", "o\n1\n\(root) \n", "o\n1\n\(root)\n\n",
        "o\n1\n\(root)\n\nx\n", "o\n1\n\(root)\nx\n\n", "o\r\n1\r\n\(root)\r\n", "o\t\n1\n\(root)\n",
        "o\n\u{661}\n\(root)\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
    ])
    func `a malformed body is refused`(body: String) {
        #expect(throws: LedgerError.malformedCheckpoint) { try Checkpoint.parse(body) }
    }

    @Test func `an origin cannot smuggle in a line`() {
        for origin in ["", "a\n5", "a\r", "\u{0}"] {
            #expect(throws: LedgerError.malformedCheckpoint) {
                try Checkpoint(origin: origin, size: 1, root: LedgerHash.emptyRoot)
            }
        }
    }

    @Test func `a signed checkpoint opens only under a trusted key of its own origin`() throws {
        let log = try NoteFixtures.signer("log.example")
        let witness = try NoteFixtures.signer("witness.example")
        let checkpoint = try NoteFixtures.checkpoint(Self.tree, 300)
        let note = try checkpoint.signed(by: log).cosigned(by: witness)

        #expect(try Checkpoint.open(note, with: [log.key]) == checkpoint)
        #expect(try Checkpoint.open(note, with: [witness.key, log.key]) == checkpoint)
        #expect(throws: LedgerError.originNotTrusted) { try Checkpoint.open(note, with: [witness.key]) }
        #expect(throws: LedgerError.noTrustedSignature) { try Checkpoint.open(note, with: []) }
        #expect(throws: LedgerError.originNotTrusted) { try checkpoint.signed(by: witness) }
        let other = try SignedNote.sign(text: "log.example\n", with: log)
        #expect(throws: LedgerError.malformedCheckpoint) { try Checkpoint.open(other, with: [log.key]) }
    }

    @Test func `a checkpoint follows the older ones of its own log only`() throws {
        let tree = MerkleTree(source: RecordingSource(Self.tree), size: 600)
        let newer = try NoteFixtures.checkpoint(Self.tree, 600)
        for size in [UInt64(1), 255, 256, 257, 599, 600] {
            let older = try NoteFixtures.checkpoint(Self.tree, size)
            let path = try tree.consistencyProof(from: size, to: 600)
            #expect(newer.follows(older, path: path))
            #expect(older.follows(newer, path: path) == (size == 600))
            let foreign = try NoteFixtures.checkpoint(Self.tree, size, origin: "other.example")
            #expect(!newer.follows(foreign, path: path))
            let rewritten = try Checkpoint(origin: "log.example", size: size, root: Self.tree.root(size - 1))
            #expect(!newer.follows(rewritten, path: path))
        }
        let empty = try NoteFixtures.checkpoint(Self.tree, 0)
        #expect(newer.follows(empty, path: []))
        #expect(empty.follows(empty, path: []))
        #expect(!newer.follows(empty, path: [LedgerHash.emptyRoot]))
        let false0 = try Checkpoint(origin: "log.example", size: 0, root: newer.root)
        #expect(!newer.follows(false0, path: []))
    }
}
