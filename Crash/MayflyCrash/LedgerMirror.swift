internal import MayflyClient
internal import MayflyCrypto
internal import MayflyLedger
internal import MayflyModel

/// Every ledger entry that was ever read, hashed: what the ledger says happened, and the tree over all of it.
///
/// It is kept over all rounds and only ever added to. A later checkpoint must have the root of this very tree, so an
/// entry that is lost, changed or moved after it was once read is found.
struct LedgerMirror {
    private var frontier = MerkleFrontier()
    private(set) var tokens: Set<String> = []
    /// Entries by event and task.
    private(set) var counts: [String: Int] = [:]
    private(set) var reasons: Set<String> = []
    private(set) var created: Set<String> = []
    private(set) var enrolled: Set<String> = []
    private(set) var rotations = 0

    var size: UInt64 { frontier.size }

    static func key(_ event: String, _ task: String) -> String { event + "|" + task }

    func count(_ event: String, _ task: String) -> Int { counts[Self.key(event, task)] ?? 0 }

    /// Reads what is new up to `checkpoint`, and compares the roots; answers what does not hold.
    mutating func follow(_ checkpoint: Checkpoint, _ session: AdminSession) throws -> String? {
        guard checkpoint.size >= size else { return "the ledger shrank from \(size) to \(checkpoint.size)" }
        while size < checkpoint.size {
            let limit = min(500, checkpoint.size - size)
            let page = try session.get(
                "/api/v1/ledger/entries", query: [("from", String(size)), ("limit", String(limit))])
            guard let entries = page["entries"]?.arrayValue, !entries.isEmpty else {
                return "entry \(size) of \(checkpoint.size) is missing"
            }
            for entry in entries {
                guard let object = entry.objectValue, object["index"]?.stringValue == String(size),
                    let bytes = object["bytes"]?.stringValue.flatMap({ Base64URL.decode($0) }),
                    let leaf = object["leaf"]?.stringValue.flatMap({ Base64URL.decode($0) }),
                    LedgerHash.leaf(bytes).bytes == leaf, let said = try? JSONParser.parseObject(bytes)
                else { return "entry \(size) is not what was hashed" }
                _ = frontier.append(LedgerHash.leaf(bytes))
                take(said)
            }
        }
        return frontier.root == checkpoint.root ? nil : "the root over \(size) entries is not the signed one"
    }

    private mutating func take(_ entry: JSONObject) {
        let event = entry["event"]?.stringValue ?? ""
        if ["token.issued", "token.delegated", "ticket.issued"].contains(event), let id = entry["token"]?.stringValue {
            tokens.insert(id)
        }
        // An administrator's revocation is found by its reason; only a holder's is counted.
        let isByName = event == "revoked" && entry["reason"]?.stringValue != "revoked by its holder"
        if let task = entry["task"]?.stringValue, !isByName { counts[Self.key(event, task), default: 0] += 1 }
        if let reason = entry["reason"]?.stringValue { reasons.insert(reason) }
        switch event {
        case "registry.changed" where entry["action"]?.stringValue == "create":
            if let target = entry["target"]?.stringValue { created.insert(target) }
        case "key.enrolled":
            if let agent = entry["agent"]?.stringValue { enrolled.insert(agent) }
        case "signing_key.rotated": rotations += 1
        default: break
        }
    }
}

/// Checkpoints of a running broker, with their signatures verified.
struct CheckpointReader {
    let session: AdminSession

    func newest() throws -> Checkpoint {
        let answer = try AnswerReader.object(try session.client.send("GET", "/api/v1/ledger/key"))
        let key = try NoteVerifierKey(vkey: answer["verifier_key"]?.stringValue ?? "")
        return try Checkpoint.open(
            try SignedNote.parse(try session.text("/api/v1/ledger/checkpoint")), with: [key])
    }

    /// Whether the broker proves that the tree of `newer` begins with that of `older`.
    func proves(_ newer: Checkpoint, follows older: Checkpoint) throws -> Bool {
        let answer = try session.get(
            "/api/v1/ledger/consistency", query: [("from", String(older.size)), ("to", String(newer.size))])
        let hashes = (answer["hashes"]?.stringArrayValue ?? []).compactMap { text in
            Base64URL.decode(text).flatMap { SHA256Digest(bytes: $0) }
        }
        return newer.follows(older, path: hashes)
    }
}
