/// A page of a search over the ledger.
package struct LedgerPage: Sendable {
    /// Newest first.
    package let entries: [LedgerEntry]
    /// What to send as `before` for the next page; nil when everything was looked at.
    ///
    /// A page with few entries or none may have one: archived entries are looked at so many at a time.
    package let next: UInt64?
}

/// Searches the live entries by the store's indexes, then the archived ones, newest segment first.
struct LedgerSearch {
    /// Archived tiles that one page reads; more would keep a request's thread for too long.
    static let tilesPerPage = 32

    let rows: LedgerRows
    let query: LedgerQuery

    func page() throws(LedgerReadError) -> LedgerPage {
        let live: [LedgerEntry]
        do {
            // While archived rows are still being trimmed the store finds some of them; the segments give all.
            live = try rows.store.ledgerEntries(matching: query).filter { $0.index >= rows.archives.end }
        } catch {
            throw .store
        }
        if live.count >= query.limit { return LedgerPage(entries: live, next: live.last?.index) }
        return try archived(after: live)
    }

    private func archived(after live: [LedgerEntry]) throws(LedgerReadError) -> LedgerPage {
        var found = live
        var budget = Self.tilesPerPage
        let upper = min(query.before ?? rows.archives.end, rows.archives.end)
        for archive in rows.archives.all.reversed() where archive.id < upper && mayHold(archive) {
            let last = min(upper, archive.range.upperBound) - 1
            for tile in (archive.id / 256...last / 256).reversed() {
                let end = min(upper, (tile + 1) * 256)
                guard budget > 0 else { return LedgerPage(entries: found, next: end) }
                budget -= 1
                let entries: [LedgerEntry]
                do {
                    entries = try rows.entries(ofTile: tile)
                } catch {
                    // What was found is told first; the next page then begins here, and says what is missing.
                    guard !found.isEmpty else { throw error }
                    return LedgerPage(entries: found, next: end)
                }
                for entry in entries.reversed() where entry.index < end && query.matches(entry) {
                    found.append(entry)
                    if found.count == query.limit { return LedgerPage(entries: found, next: entry.index) }
                }
            }
        }
        return LedgerPage(entries: found, next: nil)
    }

    private func mayHold(_ archive: LedgerArchive) -> Bool {
        if let since = query.since, archive.until < since { return false }
        if let until = query.until, archive.since >= until { return false }
        return true
    }
}

extension LedgerQuery {
    /// Whether `entry` is one that the query asks for, whatever its `limit`.
    package func matches(_ entry: LedgerEntry) -> Bool {
        if let since, entry.time < since { return false }
        if let until, entry.time >= until { return false }
        if let before, entry.index >= before { return false }
        // Without a term, nothing needs to be read from an entry's bytes.
        guard [event, outcome, agent, owner, resource, task, trace, token].contains(where: { $0 != nil }) else {
            return true
        }
        let terms = entry.terms
        let pairs = [
            (event, terms.event), (outcome, terms.outcome), (agent, terms.agent), (owner, terms.owner),
            (resource, terms.resource), (task, terms.task), (trace, terms.trace), (token, terms.token),
        ]
        return pairs.allSatisfy { wanted, found in
            guard let wanted else { return true }
            // Not ==, which holds for canonically equivalent texts of different bytes.
            return found.map { $0.utf8.elementsEqual(wanted.utf8) } ?? false
        }
    }
}
