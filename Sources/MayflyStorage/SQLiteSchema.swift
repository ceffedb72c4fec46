internal import CSQLite
internal import Glibc
internal import MayflyBroker

/// The tables, and how a file is known to hold them.
enum SQLiteSchema {
    /// `PRAGMA application_id`: "Mayf".
    private static let applicationID: Int64 = 0x4D61_7966
    /// `PRAGMA user_version`: the newest that this build knows.
    private static let version: Int64 = 1

    /// `record` and `subtree` are kept in the order of their keys, without a second tree for row numbers.
    ///
    /// Each index on the ledger costs a page at a random place for every entry that has the term, so only terms that
    /// name few of the entries have one. A search by `event`, `outcome`, `resource` or time alone reads the ledger
    /// from its newest entry until it has found enough.
    private static let statements = [
        """
        CREATE TABLE head (
            id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, size INTEGER NOT NULL,
            frontier BLOB NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE record (
            kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, expires INTEGER, PRIMARY KEY (kind, key)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX record_expires ON record (expires) WHERE expires IS NOT NULL",
        """
        CREATE TABLE ledger (
            idx INTEGER PRIMARY KEY, time INTEGER NOT NULL, leaf BLOB NOT NULL, bytes BLOB NOT NULL,
            event TEXT NOT NULL, outcome TEXT NOT NULL, agent TEXT, owner TEXT, resource TEXT, task TEXT, trace TEXT,
            token TEXT
        ) STRICT
        """,
        "CREATE INDEX ledger_agent ON ledger (agent) WHERE agent IS NOT NULL",
        "CREATE INDEX ledger_owner ON ledger (owner) WHERE owner IS NOT NULL",
        "CREATE INDEX ledger_task ON ledger (task) WHERE task IS NOT NULL",
        "CREATE INDEX ledger_trace ON ledger (trace) WHERE trace IS NOT NULL",
        "CREATE INDEX ledger_token ON ledger (token) WHERE token IS NOT NULL",
        """
        CREATE TABLE subtree (
            level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)
        ) STRICT, WITHOUT ROWID
        """,
        "INSERT INTO head VALUES (1, 0, 0, x'')",
        "PRAGMA application_id = \(applicationID)",
        "PRAGMA user_version = \(version)",
    ]

    /// Makes a new file at `path`, readable by its owner alone, with the empty tables in it.
    ///
    /// Throws `.cannotOpen` when something is there already; leaves no database behind when it throws.
    static func create(path: String) throws(StoreError) {
        guard !path.utf8.contains(0) else { throw .cannotOpen(code: -Int(EINVAL)) }
        // SQLite gives the files it makes beside this one the same permissions.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(code: -Int(errno)) }
        close(descriptor)
        do throws(StoreError) {
            try fill(path: try StoreFile.canonicalPath(path))
        } catch {
            unsafe unlink(path)
            throw error
        }
    }

    private static func fill(path: String) throws(StoreError) {
        let connection = try SQLiteConnection(path: path, writable: true)
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("BEGIN IMMEDIATE")
        for statement in statements { try connection.execute(statement) }
        try connection.execute("COMMIT")
    }

    /// Throws unless the file is one that Mayfly made and this build knows.
    static func verify(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        guard try connection.integer("PRAGMA application_id") == applicationID else {
            throw .corrupt(code: Int(SQLITE_NOTADB))
        }
        let found = try connection.integer("PRAGMA user_version")
        guard found <= version else { throw .newerSchema(found: Int(found), known: Int(version)) }
        guard found == version else { throw .corrupt(code: Int(SQLITE_NOTADB)) }
        // The head says how long the ledger is, so a tail that was cut off shows at once.
        let size = try connection.integer("SELECT size FROM head")
        guard try connection.integer("SELECT coalesce(max(idx), -1) FROM ledger") == size - 1 else {
            throw .corrupt(code: Int(SQLITE_CORRUPT))
        }
    }
}
