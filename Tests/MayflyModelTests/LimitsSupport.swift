import MayflyModel
import Testing

func limits(_ members: String, index: Int = 0) throws -> Limits {
    let separator = members.isEmpty ? "" : ","
    return try Limits.Request(try parseJSON(#"{"type":"mayfly_limits"\#(separator)\#(members)}"#), index: index).limits
}

func hours(_ windows: String) throws -> HoursOfUse? {
    HoursOfUse(try parseJSON("[\(windows)]"))
}

/// Random limits over a universe so small that unrelated picks often turn out to be related.
struct RandomLimits {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func limits() throws -> Limits {
        var limits = Limits()
        limits.maximumCalls = maybe { $0.pick([1, 2, 5, Int64.max]) }
        limits.maximumRecords = maybe { $0.pick([0, 1, 9]) }
        limits.timeout = maybe { $0.pick([1, 60, 3600]) }
        limits.readOnly = generator.chance(30)
        if let amount = maybe({ $0.pick(["0", "1", "1.5", "200.00"]) }) {
            let currency = generator.chance(85) ? "USD" : "EUR"
            limits.maximumCost = Money(amount: try #require(DecimalNumber(amount)), currency: currency)
        }
        if let some = maybe({ $0.subset(["staging", "test", "prod"]) }), !some.isEmpty {
            limits.environments = SortedSet(some.compactMap { ExactText($0) })
        }
        if generator.chance(50) { limits.hours = hours() }
        return limits
    }

    mutating func hours() -> HoursOfUse? {
        let windows = (0..<Int.random(in: 1...3, using: &generator)).compactMap { _ in
            let from = generator.pick([0, 360, 480, 720])
            let days = generator.subset(HoursOfUse.Day.allCases, keeping: 50)
            return HoursOfUse.Window(days: days, from: from, to: from + generator.pick([1, 60, 240, 360, 720]))
        }
        return HoursOfUse(windows)
    }

    /// Limits within `limits`: its meet with some others, where there is one.
    mutating func narrower(than limits: Limits) throws -> Limits {
        for _ in 0..<4 {
            if let meet = limits.meet(try self.limits()) { return meet }
        }
        return limits
    }

    private mutating func maybe<Value>(_ pick: (inout SeededGenerator) -> Value) -> Value? {
        generator.chance(60) ? pick(&generator) : nil
    }
}
