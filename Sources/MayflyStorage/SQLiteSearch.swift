internal import MayflyBroker
internal import MayflyModel

/// A ledger query as SQL: fixed fragments, with every value bound.
struct SQLiteSearch {
    private(set) var sql: String
    private(set) var values: [SQLiteValue] = []

    /// Throws `.invalid` when `query` breaks its limits.
    init(_ query: LedgerQuery) throws(StoreError) {
        try query.check()
        // The first of these that is set names the fewest entries; SQLite, knowing no numbers, might choose another.
        let indexed = [
            (query.token, " INDEXED BY ledger_token"), (query.task, " INDEXED BY ledger_task"),
            (query.trace, " INDEXED BY ledger_trace"), (query.agent, " INDEXED BY ledger_agent"),
            (query.owner, " INDEXED BY ledger_owner"),
        ]
        sql = SQLiteStatement.selectEntry + (indexed.first { $0.0 != nil }?.1 ?? " NOT INDEXED") + " WHERE true"
        add(" AND token = ?", query.token)
        add(" AND task = ?", query.task)
        add(" AND trace = ?", query.trace)
        add(" AND agent = ?", query.agent)
        add(" AND owner = ?", query.owner)
        add(" AND event = ?", query.event)
        add(" AND outcome = ?", query.outcome)
        add(" AND resource = ?", query.resource)
        add(" AND time >= ?", query.since?.milliseconds)
        add(" AND time < ?", query.until?.milliseconds)
        // Past Int64.max there is no entry, and Int64.max itself is no index.
        add(" AND idx < ?", query.before.map { Int64(clamping: $0) })
        sql += " ORDER BY idx DESC LIMIT ?"
        values.append(.integer(Int64(query.limit)))
    }

    private mutating func add(_ fragment: String, _ text: String?) {
        guard let text else { return }
        sql += fragment
        values.append(.text(text))
    }

    private mutating func add(_ fragment: String, _ integer: Int64?) {
        guard let integer else { return }
        sql += fragment
        values.append(.integer(integer))
    }
}
