package import MayflyCrypto
internal import MayflyModel

/// Evidence for one entry that is checked without asking the ledger: a C2SP `tlog-proof@v1` file.
package struct LedgerProof: Equatable, Sendable {
    /// Room for the largest note and for every path and extra that is read.
    package static let maximumBytes = SignedNote.maximumBytes + 32_768

    private static let header = "c2sp.org/tlog-proof@v1"
    /// No tree of 64-bit size is higher.
    private static let maximumPath = 64

    /// Data for the application that no signature covers, or nil.
    package let extra: [UInt8]?
    /// The entry's index in the ledger.
    package let index: UInt64
    /// The inclusion proof in the checkpoint's tree, the leaf's sibling first.
    package let path: [SHA256Digest]
    /// The signed checkpoint, byte for byte.
    package let checkpoint: SignedNote

    /// Throws `.malformedProof` for a path or extra that the file cannot carry.
    package init(
        index: UInt64, path: [SHA256Digest], checkpoint: SignedNote, extra: [UInt8]? = nil
    ) throws(LedgerError) {
        guard path.count <= Self.maximumPath, extra?.isEmpty != true else { throw .malformedProof }
        self.extra = extra
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
        guard encoded().utf8.count <= Self.maximumBytes else { throw .malformedProof }
    }

    /// The file; its usual extension is `.tlog-proof`.
    package func encoded() -> String {
        var lines = [Self.header]
        if let extra { lines.append("extra " + Base64.encode(extra)) }
        lines.append("index \(index)")
        lines += path.map { Base64.encode($0.bytes) }
        return lines.map { $0 + "\n" }.joined() + "\n" + checkpoint.encoded()
    }

    /// Reads a whole file; throws `.malformedProof`, or what `SignedNote.parse` throws for the checkpoint in it.
    package static func parse(_ bytes: [UInt8]) throws(LedgerError) -> LedgerProof {
        guard bytes.count <= maximumBytes else { throw .malformedProof }
        var rest = bytes[...]
        guard nextLine(&rest)?.elementsEqual(header.utf8) == true, var line = nextLine(&rest) else {
            throw .malformedProof
        }

        var extra: [UInt8]?
        if let field = value(of: "extra ", in: line) {
            guard let decoded = Base64.decode(field), let next = nextLine(&rest) else { throw .malformedProof }
            extra = decoded
            line = next
        }
        guard let field = value(of: "index ", in: line), let index = TextFields.decimal(field) else {
            throw .malformedProof
        }

        var path: [SHA256Digest] = []
        while true {
            guard let line = nextLine(&rest) else { throw .malformedProof }
            if line.isEmpty { break }
            guard path.count < maximumPath, let bytes = Base64.decode(line), let hash = SHA256Digest(bytes: bytes)
            else { throw .malformedProof }
            path.append(hash)
        }
        return try LedgerProof(index: index, path: path, checkpoint: SignedNote.parse(Array(rest)), extra: extra)
    }

    /// Proves that a ledger whose key is among `keys` holds `entry` at `index`; answers the checkpoint it stands under.
    ///
    /// Throws what `Checkpoint.open` throws, and `.proofMismatch` when the path does not fit. `extra` is not covered.
    package func verify(entry: [UInt8], with keys: [NoteVerifierKey]) throws(LedgerError) -> Checkpoint {
        let signed = try Checkpoint.open(checkpoint, with: keys)
        let proved = MerkleProof.verifyInclusion(
            leaf: LedgerHash.leaf(entry), index: index, size: signed.size, path: path, root: signed.root)
        guard proved else { throw .proofMismatch }
        return signed
    }

    /// Takes the bytes up to the next newline off `rest`, or answers nil when there is none.
    private static func nextLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: TextFields.newline) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    private static func value(of name: String, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        line.starts(with: name.utf8) ? line.dropFirst(name.utf8.count) : nil
    }
}
