@testable import MayflyBroker
import MayflyModel
@testable import MayflyPolicy
import Testing

/// What is counted of a quota: a sliding window in few slots that never lets too much through.
@Suite struct QuotaUseTests {
    static func quota(_ count: Int64, _ window: Int64, id: String = "q") throws -> PolicyQuota {
        var fields = FieldReader([
            "id": .string(id), "on": .string("action"), "count": .integer(count), "window": .integer(window),
            "rationale": .string("r"),
        ])
        return try PolicyQuota(&fields)
    }

    private static let none = QuotaUse(QuotaUse.ID(quota: "q", subject: "agent:a"))
    private static let begin: Int64 = 1_800_000_000_000

    @Test func oneMoreIsTakenUpToTheCountAndAgainWhenTheFirstHasLeft() throws {
        let quota = try Self.quota(3, 60)
        var use = Self.none
        for second in 0..<3 {
            use = try #require(use.counting(by: quota, at: Timestamp(milliseconds: Self.begin + Int64(second) * 1000)))
        }
        // All three came within one fifteenth of the window or the next: they leave in slots of four seconds.
        let last = Timestamp(milliseconds: Self.begin + 61_999)
        #expect(use.counting(by: quota, at: last) == nil)
        #expect(use.secondsToWait(for: quota, at: last) == 1)
        let free = Timestamp(milliseconds: Self.begin + 62_000)
        #expect(use.free(below: 3, within: 60, at: last) == free)
        #expect(use.counting(by: quota, at: free)?.count(within: 60, at: free) == 1)
    }

    /// Random clocks and counts: against a list of every moment, no window ever holds more than may be, and what is
    /// refused would at most have come a fifteenth of a window too soon.
    @Test func noWindowEverHoldsMoreThanTheCount() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for round in 0..<60 {
            let window = Int64.random(in: 60...2_592_000, using: &random)
            let count = Int64.random(in: 1...40, using: &random)
            let quota = try Self.quota(count, window)
            let span = window * 1000
            let pace = max(1, span / Int64.random(in: 1...120, using: &random))
            var (use, now, allowed) = (Self.none, Self.begin, [Int64]())
            for _ in 0..<600 {
                now += Int64.random(in: 0...pace, using: &random)
                if Int.random(in: 0..<50, using: &random) == 0 { now += Int64.random(in: 0...2 * span, using: &random) }
                let moment = Timestamp(milliseconds: now)
                let inWindow = allowed.count { $0 > now - span }
                if let next = use.counting(by: quota, at: moment) {
                    #expect(inWindow < Int(count), "seed \(seed) round \(round)")
                    use = try QuotaUse(stored: JSONParser.parseObject(JSONWriter.bytes(of: .object(next.stored))))
                    #expect(use == next)
                    allowed.append(now)
                    let end = moment.milliseconds + span
                    let spare = 2 * span / QuotaUse.slotsPerWindow
                    #expect(use.slots.count <= 17)
                    #expect((end...end + spare).contains(use.expiresAt?.milliseconds ?? 0), "seed \(seed)")
                } else {
                    let inWider = allowed.count { $0 > now - span - span / QuotaUse.slotsPerWindow }
                    #expect(inWider >= Int(count), "seed \(seed) round \(round)")
                    let free = use.free(below: count, within: window, at: moment)
                    #expect(moment < free && use.counting(by: quota, at: free) != nil, "seed \(seed) round \(round)")
                    let before = Timestamp(milliseconds: free.milliseconds - 1)
                    #expect(use.counting(by: quota, at: before) == nil, "seed \(seed) round \(round)")
                }
            }
        }
    }

    /// The same while count and window change: what was allowed under one setting counts under the next, and the slots
    /// stay bounded.
    @Test func changedQuotasKeepWhatWasCounted() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            var (use, now, allowed) = (Self.none, Self.begin, [Int64]())
            // A window that grew knows of nothing that the shorter one had forgotten already.
            var known = Int64.min
            for _ in 0..<60 {
                let window = Int64.random(in: 60...7200, using: &random)
                let quota = try Self.quota(Int64.random(in: 1...30, using: &random), window)
                let span = window * 1000
                for _ in 0..<Int.random(in: 1...40, using: &random) {
                    now += Int64.random(in: 0...span / 20, using: &random)
                    let inWindow = allowed.count { $0 > max(now - span, known) }
                    guard let next = use.counting(by: quota, at: Timestamp(milliseconds: now)) else { continue }
                    #expect(inWindow < Int(quota.count), "seed \(seed)")
                    use = next
                    known = max(known, now - span)
                    allowed.append(now)
                    #expect(use.slots.count <= QuotaUse.maximumSlots)
                }
            }
        }
    }

    @Test func slotsPastTheBoundJoinAndLeaveLater() throws {
        var use = Self.none
        let short = try Self.quota(1_000_000, 60)
        let long = try Self.quota(1_000_000, 2_592_000)
        var now = Self.begin
        // Windows that grow keep the fine slots of the shorter ones.
        for window in stride(from: Int64(60), through: 6000, by: 20) {
            now += 4000
            use = try #require(
                use.counting(by: try Self.quota(1_000_000, window), at: Timestamp(milliseconds: now)))
            #expect(use.slots.count <= QuotaUse.maximumSlots)
        }
        let moment = Timestamp(milliseconds: now)
        #expect(use.count(within: long.window, at: moment) == use.slots.reduce(0) { $0 + $1.count })
        #expect(zip(use.slots, use.slots.dropFirst()).allSatisfy { $0.last <= $1.first })
        #expect(use.counting(by: short, at: moment.advanced(bySeconds: 60))?.slots.count == 1)
    }

    /// What the store and the memory note of a record's end must not grow with every request.
    @Test func theEndOfARecordMovesWithItsSlotsAlone() throws {
        let quota = try Self.quota(1_000_000, 2_592_000)
        let width: Int64 = 172_800_000
        var ends: Set<Timestamp?> = []
        for subject in 0..<50 {
            var use = QuotaUse(QuotaUse.ID(quota: "q", subject: "agent:a\(subject)"))
            for step in 0..<200 {
                let moment = Timestamp(milliseconds: Self.begin + Int64(subject) * 977 + Int64(step) * (width / 50))
                use = try #require(use.counting(by: quota, at: moment))
                ends.insert(use.expiresAt)
            }
        }
        // Four slots' time passed: as many ends, for all subjects together.
        #expect(ends.count <= 6)
    }

    @Test func aClockThatIsSetBackFreesWhatLayAhead() throws {
        let quota = try Self.quota(2, 3600)
        let ahead = Timestamp(milliseconds: Self.begin + 400 * 86_400_000)
        var use = try #require(Self.none.counting(by: quota, at: ahead))
        use = try #require(use.counting(by: quota, at: ahead.advanced(bySeconds: 300)))
        let now = Timestamp(milliseconds: Self.begin)
        #expect(use.takenBack(to: ahead.advanced(bySeconds: 300)) == nil)
        let back = try #require(use.takenBack(to: now))
        #expect(back.counting(by: quota, at: now) == nil)
        let expires = try #require(back.expiresAt)
        #expect((now.advanced(bySeconds: 3600)...now.advanced(bySeconds: 4080)).contains(expires))
        #expect(back.counting(by: quota, at: now.advanced(bySeconds: 3600)) != nil)
    }

    @Test func aRecordIsReadAsItWasWrittenAndNothingElseIs() throws {
        let quota = try Self.quota(5, 3600)
        let use = try #require(Self.none.counting(by: quota, at: Timestamp(milliseconds: Self.begin)))
        #expect(try QuotaUse(stored: use.stored) == use)
        let slot: [JSONValue] = [.integer(1), .integer(2), .integer(1)]
        for (name, value) in [
            ("quota", nil), ("subject", .integer(1)), ("slots", .string("")), ("expires", nil), ("more", .bool(true)),
            ("slots", .array([.array([.integer(2), .integer(1), .integer(1)])])),
            ("slots", .array([.array([.integer(1), .integer(2), .integer(0)])])),
            ("slots", .array([.array([.integer(1), .integer(2)])])),
            ("slots", .array([.array(slot + [.integer(1)])])),
            ("slots", .array([.array([.integer(1), .string("2"), .integer(3), .integer(4)])])),
            ("slots", .array((0...QuotaUse.maximumSlots).map { _ in .array(slot) })),
        ] as [(String, JSONValue?)] {
            var stored = use.stored
            stored[name] = value
            #expect(throws: FieldError.self, "\(name)") { try QuotaUse(stored: stored) }
        }
    }
}
