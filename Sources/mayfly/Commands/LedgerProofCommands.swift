import MayflyClient
import MayflyCrypto
import MayflyLedger
import MayflyModel

/// `mayfly ledger verify|prove|check-proof`: that what happened was not changed since.
enum LedgerProofCommands {
    static let all = [verify, prove, checkProof]

    private static let verify = Command(
        name: "ledger verify", summary: "Read the whole ledger and check it against its signed checkpoint",
        details: """
            Every entry is hashed here, and the root compared with the one that the broker signed.
            With --checkpoint FILE the ledger must also contain, unchanged, what that older checkpoint covers.
            """,
        options: Connection.adminOptions + [
            LedgerOptions.key, .value("checkpoint", "FILE", "an older checkpoint, kept from an earlier --save"),
            .value("save", "FILE", "keep the newest checkpoint; may be the same file"),
        ],
        examples: [
            "mayfly ledger verify --save audit.checkpoint --dir ./broker",
            "mayfly ledger verify --checkpoint audit.checkpoint --save audit.checkpoint --key VKEY --dir ./broker",
        ]
    ) { call throws(CommandError) in
        let older = try call.value("checkpoint").map { path throws(CommandError) in
            try LocalFile.read(path, maximum: SignedNote.maximumBytes)
        }
        let admin = try AdminCall(call)
        let key = try LedgerOptions.verifierKey(call, admin)
        let (note, newest) = try checkpoint(admin, key)
        var checkpoints = [newest]
        if let older {
            let previous = try LedgerOptions.check { () throws(LedgerError) in
                try Checkpoint.open(try SignedNote.parse(older), with: [key])
            }
            checkpoints.append(previous)
        }
        var verifier = try LedgerOptions.check { () throws(LedgerError) in
            try LedgerVerifier(checkpoints: checkpoints)
        }
        // Signed sizes alone say how far to read: an older checkpoint may cover more than the newest does.
        let end = checkpoints.map(\.size).max() ?? 0
        try LedgerReader(admin: admin).each(from: 0, until: end) { entry throws(CommandError) in
            try LedgerOptions.check { () throws(LedgerError) in
                _ = try verifier.add(entry.bytes, leafHash: entry.leafHash)
            }
        }
        let result = try LedgerOptions.check { () throws(LedgerError) in try verifier.finish() }
        // A log that forgets entries signs a smaller checkpoint; that is no log that only grew.
        if let previous = checkpoints.last, previous.size > newest.size {
            throw .refused(
                "the broker signs \(newest.size) entries now, and signed \(previous.size) before",
                next: "keep both checkpoints; whoever runs the broker must explain it")
        }
        if let path = call.value("save") { try LocalFile.write(note, to: path) }
        let root = Base64.encode(result.root.bytes)
        var answer: JSONObject = [
            "verified": .bool(true), "origin": .string(newest.origin), "size": .string(String(result.size)),
            "root": .string(root),
        ]
        var lines = ["verified  \(result.size) entries of \(Table.cell(newest.origin))", "root      \(root)"]
        if checkpoints.count > 1, let previous = checkpoints.last {
            answer["grew_from"] = .string(String(previous.size))
            lines.append("grew      from \(previous.size), nothing before it changed")
        }
        RecordOutput.done(lines.joined(separator: "\n"), answer, call)
    }

    private static let prove = Command(
        name: "ledger prove", summary: "Write the proof that an entry is in the ledger, for checking offline",
        details: "Writes a C2SP tlog-proof file, and beside it the entry's exact bytes.",
        positionals: [Positional("INDEX", "the entry's index, as ledger query prints it")],
        options: Connection.adminOptions + [
            LedgerOptions.key, .value("out", "FILE", "the proof file"),
            .value("entry", "FILE", "the entry's file (default the proof's name and .entry)"),
        ],
        examples: ["mayfly ledger prove 17 --out 17.tlog-proof --dir ./broker"]
    ) { call throws(CommandError) in
        let text = try call.requiredArgument("INDEX")
        guard let index = UInt64(text), index < UInt64(Int64.max) else { throw call.usage("INDEX is a number") }
        let path = try call.required("out")
        let entryPath = call.value("entry") ?? path + ".entry"
        let admin = try AdminCall(call)
        let key = try LedgerOptions.verifierKey(call, admin)
        let (note, newest) = try checkpoint(admin, key)
        guard index < newest.size else {
            throw .refused("the ledger has no entry \(index)", next: "it has \(newest.size), counted from 0")
        }
        var entry: [UInt8] = []
        try LedgerReader(admin: admin).each(from: index, until: index + 1) { found throws(CommandError) in
            entry = found.bytes
        }
        let answer = try admin.get(
            "/api/v1/ledger/inclusion", query: [("index", text), ("size", String(newest.size))])
        var hashes: [SHA256Digest] = []
        for hash in answer["hashes"]?.stringArrayValue ?? [] {
            guard let digest = Base64URL.decode(hash).flatMap({ SHA256Digest(bytes: $0) }) else {
                throw .failed("the broker's proof cannot be read", next: "is the broker of the same version?")
            }
            hashes.append(digest)
        }
        let proof = try LedgerOptions.check { () throws(LedgerError) in
            let proof = try LedgerProof(index: index, path: hashes, checkpoint: try SignedNote.parse(note))
            _ = try proof.verify(entry: entry, with: [key])
            return proof
        }
        try LocalFile.write(Array(proof.encoded().utf8), to: path)
        try LocalFile.write(entry, to: entryPath, mode: 0o600)
        RecordOutput.done(
            "entry \(index) of \(newest.size): proof in \(Table.cell(path)), entry in \(Table.cell(entryPath))",
            [
                "index": .string(text), "size": .string(String(newest.size)), "proof": .string(path),
                "entry": .string(entryPath),
            ], call)
    }

    private static let checkProof = Command(
        name: "ledger check-proof", summary: "Check a proof file offline; no broker is asked",
        positionals: [Positional("FILE", "the proof file")],
        options: [LedgerOptions.key, .value("entry", "FILE", "the entry's exact bytes")],
        examples: ["mayfly ledger check-proof 17.tlog-proof --entry 17.tlog-proof.entry --key VKEY"]
    ) { call throws(CommandError) in
        let key = try LedgerOptions.pinned(try call.required("key"), call)
        let file = try LocalFile.read(try call.requiredArgument("FILE"), maximum: LedgerProof.maximumBytes)
        let entry = try LocalFile.read(try call.required("entry"), maximum: 1 << 20)
        let (proof, signed) = try LedgerOptions.check { () throws(LedgerError) in
            let proof = try LedgerProof.parse(file)
            return (proof, try proof.verify(entry: entry, with: [key]))
        }
        RecordOutput.done(
            "proved: entry \(proof.index) of \(Table.cell(signed.origin)), which had \(signed.size) entries",
            [
                "proved": .bool(true), "index": .string(String(proof.index)), "origin": .string(signed.origin),
                "size": .string(String(signed.size)),
            ], call)
    }

    /// The broker's newest checkpoint: the note's bytes, and what it says once the key is found to have signed it.
    private static func checkpoint(
        _ admin: AdminCall, _ key: NoteVerifierKey
    ) throws(CommandError) -> ([UInt8], Checkpoint) {
        let note = try Connection.attempt { () throws(ClientError) in
            try admin.session.text("/api/v1/ledger/checkpoint")
        }
        let checkpoint = try LedgerOptions.check { () throws(LedgerError) in
            try Checkpoint.open(try SignedNote.parse(note), with: [key])
        }
        return (note, checkpoint)
    }
}
