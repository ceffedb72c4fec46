import MayflyModel

/// A moment as behaviour looks at it: whole minutes since 1970, with the hour and the day in UTC.
struct BehaviourTime: Equatable, Sendable {
    let minute: Int64

    /// Up to the end of the range of timestamps.
    static let range: ClosedRange<Int64> = 0...(Int64.max / 60_000)

    init(minute: Int64) {
        self.minute = min(max(minute, Self.range.lowerBound), Self.range.upperBound)
    }

    init(_ moment: Timestamp) {
        self.init(minute: moment.milliseconds / 60_000)
    }

    /// Hours and days since 1970.
    var hour: Int64 { minute / 60 }
    var day: Int64 { minute / 1440 }
    /// 0 to 23.
    var hourOfDay: Int { Int(hour % 24) }

    var timestamp: Timestamp { Timestamp(milliseconds: minute * 60_000) }
}
