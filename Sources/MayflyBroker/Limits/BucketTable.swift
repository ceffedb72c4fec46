/// Token buckets by client, each kept as the moment at which it will be full again.
///
/// A full bucket says nothing, so it is forgotten when there are twice as many as the last tidying left: the memory
/// follows the clients that are active now. Times are steady nanoseconds, at least 0.
struct BucketTable<Key: Hashable & Sendable>: Sendable {
    /// Clients that are not worth tidying.
    private static var smallest: Int { 64 }

    private var full: [Key: Int64] = [:]
    private var tidyAt = BucketTable.smallest

    /// Clients whose bucket was not full when last looked at.
    var count: Int { full.count }

    /// When the client's bucket would be full once `count` were taken, or the nanoseconds until it holds as many.
    ///
    /// Takes nothing. More than the burst at once counts as the burst.
    mutating func look(_ count: Int64, of key: Key, at now: Int64, limit: RateLimit) -> Look {
        let interval = limit.interval
        let cost = min(max(1, count), limit.burst) * interval
        let empty = now + limit.burst * interval
        let held = max(full[key] ?? now, now)
        // Drawn on under a slower limit, before a reload, it is empty by this one and fills up by this one.
        if held > empty { full[key] = empty }
        let next = min(held, empty) + cost
        return next <= empty ? .room(next) : .wait(next - empty)
    }

    /// Takes what was looked at, with nothing else taken in between.
    mutating func take(_ full: Int64, of key: Key, at now: Int64) {
        self.full[key] = full
        guard self.full.count > tidyAt else { return }
        self.full = self.full.filter { $0.value > now }
        tidyAt = max(Self.smallest, self.full.count * 2)
    }

    enum Look: Equatable {
        case room(Int64)
        case wait(Int64)

        /// Nanoseconds to wait; nil when there is room.
        var wait: Int64? {
            if case .wait(let nanoseconds) = self { nanoseconds } else { nil }
        }
    }
}
