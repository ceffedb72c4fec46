internal import MayflyBroker
internal import MayflyCrypto

/// A table that every durable store has, beside its head; the rows are the same everywhere.
enum StoreTable: String, CaseIterable, Sendable {
    case record, mark, ledger, subtree, term, segment

    /// In the order of a copied row.
    var columns: [(name: String, kind: PostgresStatement.Kind)] {
        switch self {
        case .record: [("kind", .integer), ("key", .blob), ("value", .blob), ("expires", .integer)]
        case .mark: [("id", .integer), ("expires", .integer), ("marks", .blob)]
        case .ledger: [("last", .integer), ("entries", .blob)]
        case .subtree: [("level", .integer), ("idx", .integer), ("hash", .blob)]
        case .term: [("id", .integer), ("postings", .blob)]
        case .segment: [("number", .integer), ("earliest", .integer), ("latest", .integer)]
        }
    }

    /// The columns by which rows are told apart, which come first.
    var keyCount: Int { self == .record || self == .subtree ? 2 : 1 }

    var columnList: String { columns.map(\.name).joined(separator: ", ") }
    var keyList: String { columns.prefix(keyCount).map(\.name).joined(separator: ", ") }
}

/// One value of a copied row.
enum StoreCell: Equatable, Sendable {
    case integer(Int64)
    case blob([UInt8])
    case null
}

/// What a copy takes over beside the tables.
struct CopiedHead: Equatable, Sendable {
    let head: StoreHead
    /// With which terms are hashed; the rows of the index mean nothing without it.
    let termKey: Int64
}

/// How many rows a table has, and a digest over all of them in the order of their keys.
struct TableSum: Equatable, Sendable {
    private(set) var rows = 0
    private(set) var digest = SHA256.digest(of: [])

    /// A chain: the digest of what came before, and of this row.
    mutating func add(_ row: [StoreCell]) {
        var bytes = digest.bytes
        for cell in row {
            switch cell {
            case .integer(let integer):
                bytes.append(1)
                bytes.appendBigEndian(integer)
            case .blob(let blob):
                bytes.append(2)
                bytes.appendBigEndian(Int64(blob.count))
                bytes.append(contentsOf: blob)
            case .null: bytes.append(0)
            }
        }
        digest = SHA256.digest(of: bytes)
        rows += 1
    }
}
