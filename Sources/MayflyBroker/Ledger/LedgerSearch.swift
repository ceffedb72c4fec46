import MayflyModel

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
