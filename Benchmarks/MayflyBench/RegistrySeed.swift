import MayflyBroker
import MayflyCrypto
import MayflyLedger
import MayflyModel
import MayflyStorage

/// Fills the store of a broker that is not running with a large registry, straight through `SQLiteStore`.
///
/// Each agent has one of `owners` owners, `rolesPerAgent` roles, one resource, two scopes of its own, one ES256 key and
/// a sentence for a purpose. Ledger and head grow with the records, so that the broker starts as from its own commits.
struct RegistrySeed {
    var agents = 100
    var owners = 1_000
    var resources = 10
    /// Nil gives every other agent two roles and the rest one.
    var rolesPerAgent: Int?
    /// The first so many agents' private keys are answered, so that load can be driven through them.
    var keptKeys = 64

    /// Records of one commit.
    private static let batchSize = 10_000
    private static let roleCount = 64
    /// 2026-01-01T00:00:00Z: in the past of any clock that runs this.
    private static let time = Timestamp(seconds: 1_767_225_600)

    /// An agent's id by its number.
    static func agentID(_ number: Int) -> String { "agent:bench-\(padded(number, 6))" }

    /// The name of the resource of an agent by its number.
    func resource(of number: Int) -> String { "tool-\(number % resources)" }

    /// Adds the registry to the directory that `mayfly init` made; answers the first agents' private keys.
    func run(directory: String) throws -> [PrivateKey] {
        let store = try SQLiteStore(path: directory + "/data/mayfly.db", mode: .open)
        var keys: [PrivateKey] = []
        try commit(fixedRecords(), to: store)
        for start in stride(from: 0, to: agents, by: Self.batchSize) {
            var records: [StoredRecord] = []
            for number in start..<min(start + Self.batchSize, agents) {
                let key = try PrivateKey.generate(.es256)
                if number < keptKeys { keys.append(key) }
                records.append(agent(number, key.publicKey))
            }
            try commit(records, to: store)
        }
        return keys
    }

    private func fixedRecords() -> [StoredRecord] {
        var records: [StoredRecord] = []
        for number in 0..<owners {
            records.append(
                record(
                    .owner, Self.owner(number),
                    [
                        "name": .string("Owner \(number)"), "email": .string("owner\(number)@example.com"),
                        "state": .string("active"),
                    ]))
        }
        for number in 0..<resources {
            let scopes = (0..<8).map { JSONValue.string("tool:s\($0)") }
            var object: JSONObject = [
                "name": .string("tool-\(number)"), "identifier": .string("https://tool-\(number).example.com"),
                "title": .string("Tool \(number)"), "authentication": .string("client_secret_basic"),
                "token_signing_alg": .string("ES256"), "scopes": .array(scopes),
            ]
            Self.finish(&object)
            records.append(Self.stored(.resource, "tool-\(number)", object))
        }
        for number in 0..<Self.roleCount {
            let scopes = [JSONValue.string("tool:s\(number % 8)"), .string("tool:s\((number + 3) % 8)")]
            records.append(
                record(.role, Self.role(number), ["name": .string("Role \(number)"), "scopes": .array(scopes)]))
        }
        return records
    }

    private func agent(_ number: Int, _ key: PublicKey) -> StoredRecord {
        let roles = (0..<(rolesPerAgent ?? 1 + number % 2)).map { Self.role((number + $0) % Self.roleCount) }
        let text = RFC3339.format(Self.time)
        return record(
            .agent, Self.agentID(number),
            [
                "name": .string("bench-\(Self.padded(number, 6))"), "kind": .string("agent"),
                "purpose": .string("Answers questions about orders of customer group \(number) and nothing else."),
                "owner": .string(Self.owner(number % owners)), "risk": .string("medium"),
                "roles": .array(roles.map { .string($0) }), "resources": .array([.string(resource(of: number))]),
                "scopes": .array([.string("tool:s0"), .string("tool:s1")]), "authorization_details": .array([]),
                "deny": .object(["scopes": .array([]), "resources": .array([])]), "delegates": .array([]),
                "state": .string("active"),
                "keys": .array([
                    .object([
                        "kid": .string(key.thumbprint), "label": .string("first"), "jwk": .object(key.jwk),
                        "added": .string(text),
                    ])
                ]),
            ])
    }

    private func record(_ kind: RecordKind, _ id: String, _ members: JSONObject) -> StoredRecord {
        var object: JSONObject = ["id": .string(id)]
        for member in members.members { object[member.name] = member.value }
        Self.finish(&object)
        return Self.stored(kind, id, object)
    }

    private static func finish(_ object: inout JSONObject) {
        object["created"] = .string(RFC3339.format(time))
        object["epoch"] = .integer(0)
        object["version"] = .integer(1)
    }

    private static func stored(_ kind: RecordKind, _ id: String, _ object: JSONObject) -> StoredRecord {
        StoredRecord(key: RecordKey(kind: kind, key: Array(id.utf8)), value: JSONWriter.bytes(of: .object(object)))
    }

    /// One commit with one ledger entry.
    private func commit(_ records: [StoredRecord], to store: SQLiteStore) throws {
        let head = try store.head()
        var frontier = try MerkleFrontier(size: head.ledgerSize, hashes: head.frontier)
        var event = LedgerEvent(.registryChanged, .ok, actor: "bench")
        event.action = "seed"
        let entry = event.entry(index: frontier.size, time: Self.time)
        let subtrees = frontier.append(entry.leafHash).map {
            LedgerSubtree(level: $0.level, index: $0.index, hash: $0.hash)
        }
        var batch = Batch(
            head: StoreHead(
                revision: head.revision + UInt64(records.count), ledgerSize: frontier.size,
                frontier: frontier.hashes))
        batch.puts = records
        batch.entries = [entry]
        batch.subtrees = subtrees
        try store.commit(batch)
    }

    private static func owner(_ number: Int) -> String { "owner:person-\(padded(number, 4))" }
    private static func role(_ number: Int) -> String { "role:team-\(padded(number, 2))" }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension RegistrySeed {
    /// `mayfly-bench seed DIRECTORY AGENTS [ROLES]`: fills a directory, and writes the first agents' keys to
    /// `DIRECTORY/agent-0.pem` and on.
    static func main(_ arguments: [String]) throws {
        guard (2...3).contains(arguments.count), let agents = Int(arguments[1]) else {
            throw BenchError("usage: mayfly-bench seed DIRECTORY AGENTS [ROLES]")
        }
        var seed = RegistrySeed(agents: agents)
        if arguments.count == 3 { seed.rolesPerAgent = Int(arguments[2]) }
        for (number, key) in try seed.run(directory: arguments[0]).enumerated() {
            try PrivateKeyFile.write(key, to: arguments[0] + "/agent-\(number).pem")
        }
    }
}
