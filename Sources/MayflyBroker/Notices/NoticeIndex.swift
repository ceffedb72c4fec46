/// The notices that each route is owed, in the ledger's order, so that nobody looks through those of others.
///
/// It follows the records one by one, so that a draft and the published state each keep their own.
struct NoticeIndex: Sendable {
    /// Ascending; none is empty.
    private var ids: [String: [Int64]] = [:]

    func count(of route: String) -> Int { ids[route]?.count ?? 0 }

    /// The oldest of a route's, at most `limit`.
    func first(_ limit: Int, of route: String) -> ArraySlice<Int64> { ids[route]?.prefix(limit) ?? [] }

    /// Takes note of one record's change; nil is a record that is not there.
    mutating func replace(_ old: Notice?, with new: Notice?) {
        if let old { for route in old.owed where !(new?.owed.contains(route) ?? false) { remove(old.id, from: route) } }
        if let new { for route in new.owed where !(old?.owed.contains(route) ?? false) { add(new.id, to: route) } }
    }

    private mutating func add(_ id: Int64, to route: String) {
        let place = place(of: id, in: route)
        guard ids[route]?.dropFirst(place).first != id else { return }
        ids[route, default: []].insert(id, at: place)
    }

    private mutating func remove(_ id: Int64, from route: String) {
        let place = place(of: id, in: route)
        guard ids[route]?.dropFirst(place).first == id else { return }
        ids[route]?.remove(at: place)
        if ids[route]?.isEmpty ?? false { ids[route] = nil }
    }

    /// Where `id` is, or belongs.
    private func place(of id: Int64, in route: String) -> Int {
        guard let known = ids[route], let last = known.last else { return 0 }
        // New entries come last, and stored ones by the text of their number.
        guard id <= last else { return known.count }
        var (lower, upper) = (0, known.count)
        while lower < upper {
            let middle = (lower + upper) / 2
            if known[middle] < id { lower = middle + 1 } else { upper = middle }
        }
        return lower
    }
}
