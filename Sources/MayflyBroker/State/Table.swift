import MayflyModel

/// The records of one kind, with the changes that are not durable yet kept apart.
///
/// The published state's tables have no changes. The writer drafts on a copy: reading sees the changes first, and the
/// rows below them stay shared until `absorb`.
package struct Table<R: Keyed>: Sendable {
    private var rows: [R.ID: R] = [:]
    /// Names each row that expires, at every end that it was given; an entry of an earlier end finds a row that lives.
    private var expiries = ExpiryIndex<R.ID>()
    private(set) var changes: [R.ID: R?] = [:]

    init() {}

    package subscript(id: R.ID) -> R? {
        if !changes.isEmpty, let change = changes[id] { return change }
        return rows[id]
    }

    /// How many rows are published.
    package var count: Int { rows.count }

    /// Every row as a reader of the draft sees it, in no order.
    package var all: [R] {
        guard !changes.isEmpty else { return Array(rows.values) }
        return all { _ in true }
    }

    /// The rows that `isWanted` takes, as a reader of the draft sees them, in no order.
    package func all(where isWanted: (R) -> Bool) -> [R] {
        var found: [R] = []
        for case .some(let record) in changes.values where isWanted(record) { found.append(record) }
        for (id, record) in rows where !(changes.keys.contains(id)) && isWanted(record) { found.append(record) }
        return found
    }

    mutating func put(_ record: R) {
        changes[record.id] = .some(record)
    }

    mutating func remove(_ id: R.ID) {
        changes[id] = .some(nil)
    }

    /// Takes over the changes of a draft once they are durable.
    mutating func absorb(_ draftChanges: [R.ID: R?]) {
        for (id, change) in draftChanges {
            if let record = change { load(record) } else { rows[id] = nil }
        }
    }

    /// Puts a row straight in place, for loading.
    mutating func load(_ record: R) {
        let id = record.id
        let previous = rows.updateValue(record, forKey: id)
        if let end = record.expiresAt, previous?.expiresAt != end { expiries.add(id, expiring: end) }
    }

    /// Whether `forgetExpired` would do anything.
    func hasExpired(at now: Timestamp) -> Bool { expiries.hasExpired(at: now) }

    /// Looks at up to `limit` rows whose end has come, and forgets those that have expired; answers how many it looked
    /// at.
    ///
    /// Not while a draft shares the rows: they would all be copied first. `forgotten` is called with each row that
    /// went.
    mutating func forgetExpired(at now: Timestamp, limit: Int, forgotten: (R) -> Void = { _ in }) -> Int {
        let ids = expiries.take(at: now, limit: limit)
        for id in ids {
            guard let row = rows[id], let end = row.expiresAt, end <= now else { continue }
            rows[id] = nil
            forgotten(row)
        }
        return ids.count
    }
}

extension Table where R: Record {
    /// Adds what the changes ask of the store.
    func collect(into batch: inout Batch) {
        for (id, change) in changes {
            if let record = change {
                batch.puts.append(record.storedRecord)
            } else {
                batch.deletes.append(RecordKey(kind: R.kind, key: R.key(of: id)))
            }
        }
    }
}
