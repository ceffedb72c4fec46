package import MayflyCrypto
internal import MayflyModel

/// What a log commits itself to when it signs: so many entries, under this root (C2SP tlog-checkpoint).
package struct Checkpoint: Equatable, Sendable {
    /// The log's identity, one line; also the name of the key that signs it.
    package let origin: String
    /// How many leaves the tree had.
    package let size: UInt64
    package let root: SHA256Digest
    /// Lines after the root, which other logs may add; kept so that the signed text can be made again, never read.
    package let extensions: [String]

    /// Throws `.malformedCheckpoint` for an origin or extension that is empty or not one line.
    package init(
        origin: String, size: UInt64, root: SHA256Digest, extensions: [String] = []
    ) throws(LedgerError) {
        guard ([origin] + extensions).allSatisfy(TextFields.isLine) else { throw .malformedCheckpoint }
        self.origin = origin
        self.size = size
        self.root = root
        self.extensions = extensions
    }

    /// The text to sign: origin, decimal size and base64 root, one line each.
    package func body() -> String {
        ([origin, String(size), Base64.encode(root.bytes)] + extensions).map { $0 + "\n" }.joined()
    }

    /// Reads what `body()` writes; throws `.malformedCheckpoint`.
    package static func parse(_ body: String) throws(LedgerError) -> Checkpoint {
        guard body.utf8.last == TextFields.newline else { throw .malformedCheckpoint }
        let lines = body.utf8.dropLast().split(separator: TextFields.newline, omittingEmptySubsequences: false)
        guard lines.count >= 3,
            let size = TextFields.decimal(lines[1]),
            let bytes = Base64.decode(lines[2]),
            let root = SHA256Digest(bytes: bytes)
        else { throw .malformedCheckpoint }
        return try Checkpoint(
            origin: String(Substring(lines[0])), size: size, root: root,
            extensions: lines.dropFirst(3).map { String(Substring($0)) })
    }

    /// Signs `body()`; throws `.originNotTrusted` when the key's name is not the origin.
    package func signed(by signer: any NoteSigner) throws(LedgerError) -> SignedNote {
        guard TextFields.same(signer.key.name, origin) else { throw .originNotTrusted }
        return try SignedNote.sign(text: body(), with: signer)
    }

    /// The checkpoint in `note`, once one of `keys` that is named as the checkpoint's origin is found to have signed.
    ///
    /// Throws what `SignedNote.verify` and `parse` throw, and `.originNotTrusted` when only keys of other names signed.
    package static func open(_ note: SignedNote, with keys: [NoteVerifierKey]) throws(LedgerError) -> Checkpoint {
        let names = try note.verify(with: keys)
        let checkpoint = try parse(note.text)
        guard names.contains(where: { TextFields.same($0, checkpoint.origin) }) else { throw .originNotTrusted }
        return checkpoint
    }

    /// True when `path` proves that this tree of the same log begins with the tree of `older`.
    ///
    /// RFC 9162 §2.1.4.2; every tree follows the empty one, which needs no path.
    package func follows(_ older: Checkpoint, path: [SHA256Digest]) -> Bool {
        guard TextFields.same(origin, older.origin) else { return false }
        guard older.size > 0 else { return path.isEmpty && older.root == LedgerHash.emptyRoot }
        return MerkleProof.verifyConsistency(
            from: older.size, firstRoot: older.root, to: size, secondRoot: root, path: path)
    }

    package static func == (left: Checkpoint, right: Checkpoint) -> Bool {
        left.body().utf8.elementsEqual(right.body().utf8)
    }
}
