package import MayflyModel
import MayflyPolicy

/// What one agent, or all agents of one owner, got of one quota, as long as it counts.
///
/// It belongs to the quota's name and not to a bundle: a quota that changes, goes and comes back finds what was
/// counted.
package struct QuotaUse: Record, Equatable {
    /// A quota by its name, and who is counted.
    package struct ID: Hashable, Sendable {
        package let quota: String
        /// An agent's or an owner's identifier; the kind stands before the name.
        package let subject: String

        package init(quota: String, subject: String) {
            (self.quota, self.subject) = (quota, subject)
        }
    }

    /// What was counted between two moments, both included; it leaves as a whole when the last of it may leave.
    struct Slot: Equatable, Sendable {
        let first: Timestamp
        var last: Timestamp
        var count: Int64
    }

    /// A slot takes what comes within this part of the window from its first, so that the last of it and not each is
    /// remembered.
    static let slotsPerWindow: Int64 = 15
    /// Slots that are kept apart; a window of constant length needs 17 at most.
    static let maximumSlots = 32

    package let id: ID
    /// The oldest first.
    private(set) var slots: [Slot] = []
    /// A moment after the last of it has left the window that it was counted in, at most two slots' time later.
    ///
    /// It moves with slots and not with what they hold, and to moments that quotas of one window share: what is
    /// remembered of ends stays small however much is counted.
    private(set) var expires = Timestamp(milliseconds: 0)

    package var expiresAt: Timestamp? { expires }

    package static let kind = RecordKind.quota
    /// No quota's name has a slash.
    package static func key(of id: ID) -> [UInt8] { Array("\(id.quota)/\(id.subject)".utf8) }

    init(_ id: ID) {
        self.id = id
    }

    /// What counts in a window of so many seconds that ends at `now`.
    package func count(within window: Int64, at now: Timestamp) -> Int64 {
        slots.reduce(0) { now < $1.last.advanced(bySeconds: window) ? $0 + $1.count : $0 }
    }

    /// When fewer than `count` will be in the window, if none is added; `now` when that is so already.
    package func free(below count: Int64, within window: Int64, at now: Timestamp) -> Timestamp {
        var rest = self.count(within: window, at: now)
        var moment = now
        for slot in slots where rest >= count {
            let end = slot.last.advanced(bySeconds: window)
            guard now < end else { continue }
            rest -= slot.count
            moment = end
        }
        return moment
    }

    /// This with one more at `now`; nil when the quota has no room.
    func counting(by quota: PolicyQuota, at now: Timestamp) -> QuotaUse? {
        guard count(within: quota.window, at: now) < quota.count else { return nil }
        var use = self
        use.slots.removeAll { $0.last.advanced(bySeconds: quota.window) <= now }
        let width = Self.width(of: quota.window)
        if let newest = use.slots.indices.last, use.slots[newest].first <= now,
            now.milliseconds - use.slots[newest].first.milliseconds < width
        {
            use.slots[newest].last = max(use.slots[newest].last, now)
            use.slots[newest].count += 1
        } else {
            use.slots.append(Slot(first: now, last: now, count: 1))
        }
        use.join()
        let begin = use.slots.last?.first.milliseconds ?? now.milliseconds
        let end = Timestamp(milliseconds: begin).advanced(bySeconds: quota.window).milliseconds / width + 2
        let (expires, overflow) = end.multipliedReportingOverflow(by: width)
        use.expires = Timestamp(milliseconds: overflow ? .max : expires)
        return use
    }

    /// This as a clock has to take it that was set back to `now`: what seems to lie ahead happened now at the latest.
    ///
    /// Nil when nothing lies ahead. Otherwise what was counted would count until the time that was wrong has come.
    func takenBack(to now: Timestamp) -> QuotaUse? {
        guard let latest = slots.map(\.last).max(), now < latest else { return nil }
        var use = self
        use.slots = slots.map { Slot(first: min($0.first, now), last: min($0.last, now), count: $0.count) }
        let ahead = Timestamp(milliseconds: latest.milliseconds - now.milliseconds)
        use.expires = Timestamp(milliseconds: expires.milliseconds - ahead.milliseconds)
        return use
    }

    /// Milliseconds from the first of a slot in which more is counted in it.
    private static func width(of window: Int64) -> Int64 {
        max(1, Timestamp(seconds: window).milliseconds / slotsPerWindow)
    }

    /// Bounds the slots: the two oldest become one, which leaves when the later of them would.
    private mutating func join() {
        while slots.count > Self.maximumSlots, let oldest = slots.first, let next = slots.dropFirst().first {
            slots.removeFirst(2)
            slots.insert(
                Slot(
                    first: min(oldest.first, next.first), last: max(oldest.last, next.last),
                    count: oldest.count + next.count),
                at: 0)
        }
    }
}

extension QuotaUse {
    package var stored: JSONObject {
        [
            "quota": .string(id.quota), "subject": .string(id.subject),
            "slots": .array(
                slots.map { slot in
                    .array([
                        .integer(slot.first.milliseconds), .integer(slot.last.milliseconds), .integer(slot.count),
                    ])
                }),
            "expires": .integer(expires.milliseconds),
        ]
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = ID(
            quota: try fields.string("quota", maximum: PolicyRule.maximumIDLength),
            subject: try fields.string("subject", maximum: 128))
        for (value, path) in try fields.values("slots", maximumCount: Self.maximumSlots) ?? [] {
            let numbers = (value.arrayValue ?? []).compactMap(\.integerValue)
            guard numbers.count == 3, value.arrayValue?.count == 3, let first = numbers.first, let count = numbers.last,
                let last = numbers.dropFirst().first, 0 <= first, first <= last, PolicyQuota.counts.contains(count)
            else {
                throw FieldError(path: path, problem: .invalid(rule: "two moments in order, and a count"))
            }
            slots.append(
                Slot(first: Timestamp(milliseconds: first), last: Timestamp(milliseconds: last), count: count))
        }
        expires = Timestamp(milliseconds: try fields.integer("expires", in: 0...Int64.max))
        try fields.finish()
    }
}
