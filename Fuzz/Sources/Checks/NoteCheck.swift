import MayflyLedger

/// A note has one spelling, and so has the checkpoint in it; nothing in it is believed without a signature.
enum NoteCheck {
    /// The key of RFC 8032 §7.1, test 1, under a name that a note may use.
    private static let key = require("a constant is made") {
        try NoteVerifierKey(
            name: "ledger.example/one",
            ed25519: [
                0xD7, 0x5A, 0x98, 0x01, 0x82, 0xB1, 0x0A, 0xB7, 0xD5, 0x4B, 0xFE, 0xD3, 0xC9, 0x64, 0x07, 0x3A,
                0x0E, 0xE1, 0x72, 0xF3, 0xDA, 0xA6, 0x23, 0x25, 0xAF, 0x02, 0x1A, 0x68, 0xF7, 0x07, 0x51, 0x1A,
            ])
    }

    static func run(_ bytes: [UInt8]) {
        guard let note = try? SignedNote.parse(bytes) else { return }
        check(note)
        require(note.encoded().utf8.elementsEqual(bytes), "a note is written as it was read")
        guard let checkpoint = try? Checkpoint.parse(note.text) else { return }
        require(checkpoint.body().isExactly(note.text), "a checkpoint is written as it was read")
    }

    static func check(_ note: SignedNote) {
        require((1...SignedNote.maximumSignatures).contains(note.signatures.count), "signatures are bounded")
        require(note.encoded().utf8.count <= SignedNote.maximumBytes, "a note is bounded")
        require(note.text.utf8.last == UInt8(ascii: "\n"), "a text ends its last line")
        require(note.text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "no control character gets in")
        require((try? note.verify(with: [])) == nil, "no key, no trust")
        require((try? note.verify(with: [key])) == nil, "a made-up signature fails")
        require((try? Checkpoint.open(note, with: [key])) == nil, "an unsigned checkpoint does not open")
    }
}

/// A verifier key has one spelling.
enum VerifierKeyCheck {
    static func run(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self), let key = try? NoteVerifierKey(vkey: text) else {
            return
        }
        require(key.text.isExactly(text), "a key is written as it was read")
    }
}

/// A proof has one spelling and proves nothing without a signature.
enum ProofCheck {
    static func run(_ bytes: [UInt8]) {
        guard let proof = try? LedgerProof.parse(bytes) else { return }
        NoteCheck.check(proof.checkpoint)
        require(bytes.count <= LedgerProof.maximumBytes, "a proof is bounded")
        require(proof.path.count <= 64, "a path is bounded")
        require(proof.encoded().utf8.elementsEqual(bytes), "a proof is written as it was read")
        require((try? proof.verify(entry: bytes, with: [])) == nil, "no key, no proof")
    }
}
