internal import CSQLite
internal import Glibc
internal import MayflyBroker

/// The tables, and how a file is known to hold them.
enum SQLiteSchema {
    /// `PRAGMA application_id`: "Mayf".
    private static let applicationID: Int64 = 0x4D61_7966
    /// `PRAGMA user_version`: the newest that this build knows.
    static let version: Int64 = 2

    /// `record` and `subtree` are kept in the order of their keys, without a second tree for row numbers.
    ///
    /// Whatever is written with every token is appended, so that a commit touches the last page of a few tables and
    /// none at a random place: `mark` and `ledger` get a row or two for all that a commit holds, and `term` rows for
    /// 4096 entries at a time. `term_key` is drawn once and kept to the file.
    private static let tables =
        [
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
            CREATE TABLE subtree (
                level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)
            ) STRICT, WITHOUT ROWID
            """,
            "INSERT INTO head VALUES (1, 0, 0, x'')",
        ] + secondVersion

    /// What the second version added to the tables above, its ledger in place of the first one's.
    static let secondVersion = [
        "ALTER TABLE head ADD COLUMN term_key INTEGER NOT NULL DEFAULT 0",
        "UPDATE head SET term_key = random()",
        "CREATE TABLE mark (id INTEGER PRIMARY KEY, expires INTEGER NOT NULL, marks BLOB NOT NULL) STRICT",
        "CREATE TABLE ledger (last INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT",
        "CREATE TABLE term (id INTEGER PRIMARY KEY, postings BLOB NOT NULL) STRICT",
        """
        CREATE TABLE segment (
            number INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL
        ) STRICT
        """,
        "PRAGMA user_version = \(version)",
    ]

    private static let statements = tables + ["PRAGMA application_id = \(applicationID)"]

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

    /// Whether the file is one that Mayfly's first version made.
    static func isFirstVersion(_ connection: borrowing SQLiteConnection) throws(StoreError) -> Bool {
        guard try connection.integer("PRAGMA application_id") == applicationID else { return false }
        return try connection.integer("PRAGMA user_version") == 1
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
        guard try connection.integer("SELECT coalesce(max(last), -1) FROM ledger") == size - 1 else {
            throw .corrupt(code: Int(SQLITE_CORRUPT))
        }
    }
}
