import MayflyModel

/// The names of rows that expire, by the second from which on they mean nothing.
///
/// Adding costs by the number of different seconds, taking by the number of names that are taken.
struct ExpiryIndex<ID: Sendable>: Sendable {
    /// The seconds that have names, the latest first.
    private var seconds: [Int64] = []
    private var names: [Int64: [ID]] = [:]

    mutating func add(_ id: ID, expiring moment: Timestamp) {
        // Rounded up: at the start of that second the moment has come.
        let whole = moment.seconds
        let second = whole == .max || Timestamp(seconds: whole) == moment ? whole : whole + 1
        if names[second]?.append(id) == nil {
            names[second] = [id]
            seconds.insert(second, at: place(of: second))
        }
    }

    /// Whether `take` would answer anything.
    func hasExpired(at now: Timestamp) -> Bool {
        seconds.last.map { $0 <= now.seconds } ?? false
    }

    /// Takes out at most `limit` names whose time has come, the oldest second first.
    mutating func take(at now: Timestamp, limit: Int) -> [ID] {
        var taken: [ID] = []
        while taken.count < limit, let second = seconds.last, second <= now.seconds {
            let count = min(limit - taken.count, names[second]?.count ?? 0)
            taken += names[second]?.suffix(count) ?? []
            names[second]?.removeLast(count)
            if names[second]?.isEmpty ?? true {
                names[second] = nil
                seconds.removeLast()
            }
        }
        return taken
    }

    /// Where a second that has no names yet belongs.
    private func place(of second: Int64) -> Int {
        var lower = 0
        var upper = seconds.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if seconds[middle] > second { lower = middle + 1 } else { upper = middle }
        }
        return lower
    }
}
