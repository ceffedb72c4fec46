import MayflyModel

/// One page of a listing in the order of the ids.
package struct Listing<R: Record>: Sendable {
    package let records: [R]
    /// Whether something follows the last record.
    package let hasMore: Bool
}

extension Administration {
    /// Records that are looked at under one hold of the state's lock; a filter that takes few of many must not keep
    /// tokens waiting.
    private static let step = 256

    /// At most `limit` of the agents that `isWanted` takes, from the first whose id is past `cursor` on.
    package func agents(
        after cursor: String?, limit: Int, where isWanted: (Agent) -> Bool = { _ in true }
    ) -> Listing<Agent> {
        list(after: cursor, limit, isWanted, id: \.id.text) { cursor, count in
            state.read { tables in
                tables.agentOrder.prefix(count) { id in cursor.map { id.text > $0 } ?? true }
                    .compactMap { tables.agents[$0] }
            }
        }
    }

    /// At most `limit` owners, from the first whose id is past `cursor` on.
    package func owners(after cursor: String?, limit: Int) -> Listing<Owner> {
        list(after: cursor, limit, { _ in true }, id: \.id.text) { cursor, count in
            state.read { tables in
                tables.ownerOrder.prefix(count) { id in cursor.map { id.text > $0 } ?? true }
                    .compactMap { tables.owners[$0] }
            }
        }
    }

    private func list<R: Record>(
        after cursor: String?, _ limit: Int, _ isWanted: (R) -> Bool, id: (R) -> String,
        look: (_ cursor: String?, _ count: Int) -> [R]
    ) -> Listing<R> {
        var found: [R] = []
        var cursor = cursor
        // One more than is shown tells whether there is more.
        while found.count <= limit {
            let seen = look(cursor, Self.step)
            found += seen.filter(isWanted)
            guard seen.count == Self.step, let last = seen.last else { break }
            cursor = id(last)
        }
        return Listing(records: Array(found.prefix(limit)), hasMore: found.count > limit)
    }
}
