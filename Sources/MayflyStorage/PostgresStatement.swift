internal import CLibPQ

/// A value for one `$n` of a statement, sent in binary form.
enum PostgresValue {
    case integer(Int64)
    case blob([UInt8])
    case null

    static func integer(orNull integer: Int64?) -> PostgresValue { integer.map { .integer($0) } ?? .null }
}

/// SQL of fixed text that a connection prepares once.
struct PostgresStatement: Sendable {
    enum Kind: Sendable {
        case integer, blob
    }

    /// By which the connection knows it.
    let name: String
    let sql: String
    let kinds: [Kind]

    init(_ name: String, _ sql: String, _ kinds: Kind...) {
        self.init(name, sql, kinds: kinds)
    }

    init(_ name: String, _ sql: String, kinds: [Kind]) {
        (self.name, self.sql, self.kinds) = (name, sql, kinds)
    }

    /// The types of its values, so that the server need not guess.
    var types: [Oid] {
        kinds.map { UInt32($0 == .integer ? MAYFLY_PQ_INT8 : MAYFLY_PQ_BYTEA) }
    }

    func callAsFunction(_ values: PostgresValue...) -> PostgresStep { PostgresStep(statement: self, values: values) }
}

/// One run of a statement.
struct PostgresStep {
    let statement: PostgresStatement
    let values: [PostgresValue]
}

/// The values of one run as the C library takes them: all bytes one after another, and where each begins.
struct PostgresArguments {
    private(set) var bytes: [UInt8] = []
    /// -1 for NULL.
    private(set) var offsets: [Int] = []
    private(set) var lengths: [Int32] = []

    /// Nil when a value is longer than the library can say.
    init?(_ values: [PostgresValue]) {
        for value in values {
            let start = bytes.count
            switch value {
            case .integer(let integer):
                bytes.appendBigEndian(integer)
                offsets.append(start)
            case .blob(let blob):
                bytes.append(contentsOf: blob)
                offsets.append(start)
            case .null:
                offsets.append(-1)
            }
            guard let length = Int32(exactly: bytes.count - start) else { return nil }
            lengths.append(length)
        }
        // An empty value has an address too: null would be NULL.
        bytes.append(0)
    }
}
