import MayflyModel

/// How much an agent asks for in one phase, and how much of it is refused.
///
/// What is counted as it happens fades within minutes. What it is compared with is learned when a day is over, so that
/// no one day makes itself normal.
struct BehaviourPace: Equatable, Sendable {
    /// Requests below which nothing is a burst, and among which a few refusals are not many.
    private static let fewest = 20 * Decay.one
    private static let leastShared = 10 * Decay.one

    /// Requests of the last minutes, and those that were refused.
    private(set) var recent: Int64 = 0
    private(set) var recentRefused: Int64 = 0
    /// The highest that `recent` has been today.
    private(set) var peak: Int64 = 0
    /// The highest that it gets on usual days.
    private(set) var usual: Int64 = 0
    /// Requests of today, and of the weeks before.
    private(set) var today: Int64 = 0
    private(set) var todayRefused: Int64 = 0
    private(set) var total: Int64 = 0
    private(set) var totalRefused: Int64 = 0

    init() {}

    mutating func count(isRefused: Bool) {
        recent = Decay.adding(Decay.one, to: recent)
        today = Decay.adding(Decay.one, to: today)
        peak = max(peak, recent)
        guard isRefused else { return }
        recentRefused = Decay.adding(Decay.one, to: recentRefused)
        todayRefused = Decay.adding(Decay.one, to: todayRefused)
    }

    mutating func fade(minutes: Int64) {
        recent = Decay.left(of: recent, keeping: Decay.minute, steps: minutes)
        recentRefused = Decay.left(of: recentRefused, keeping: Decay.minute, steps: minutes)
    }

    /// An hour of the first day is over: until a whole day has been seen the busiest hour is the measure.
    mutating func learnHour() {
        usual = max(usual, peak)
    }

    /// A day is over, and `days` have passed since it began.
    ///
    /// A busier day moves the measure half of the way, except on the first day; a quieter one lets it fade.
    mutating func learnDay(isFirst: Bool, days: Int64) {
        let faded = Decay.left(of: usual, keeping: Decay.day, steps: 1)
        let learned = peak > usual ? (isFirst ? peak : usual + (peak - usual) / 2) : max(peak, faded)
        usual = Decay.left(of: learned, keeping: Decay.day, steps: days - 1)
        total = Decay.left(of: Decay.adding(today, to: total), keeping: Decay.day, steps: days)
        totalRefused = Decay.left(of: Decay.adding(todayRefused, to: totalRefused), keeping: Decay.day, steps: days)
        (peak, today, todayRefused) = (0, 0, 0)
    }

    /// 0 up to the usual peak, half at twice of it, 0.8 at five times; 0 while there is nothing to compare with.
    var burst: Int64 {
        let measure = max(usual, Self.fewest)
        guard usual > 0, recent > measure else { return 0 }
        return 1000 - 1000 * measure / recent
    }

    /// Twice the share by which refusals of the last minutes exceed the usual share.
    var refusals: Int64 {
        let share = 1000 * recentRefused / max(recent, Self.leastShared)
        let usualShare = total > 0 ? 1000 * totalRefused / total : 0
        return min(1000, max(0, 2 * (share - usualShare)))
    }
}

extension BehaviourPace {
    var stored: JSONValue {
        .array(
            [recent, recentRefused, peak, usual, today, todayRefused, total, totalRefused].map { .integer($0) })
    }

    init(_ name: String, from fields: inout FieldReader) throws(FieldError) {
        var rest = try fields.counts(name, count: 8, in: 0...Decay.most)[...]
        func next() -> Int64 { rest.popFirst() ?? 0 }
        (recent, recentRefused, peak, usual) = (next(), next(), next(), next())
        (today, todayRefused, total, totalRefused) = (next(), next(), next(), next())
    }
}

extension FieldReader {
    /// An array of exactly so many whole numbers.
    mutating func counts(
        _ name: String, count: Int, in range: ClosedRange<Int64>
    ) throws(FieldError) -> [Int64] {
        var numbers: [Int64] = []
        for (value, path) in try values(name, maximumCount: count) ?? [] {
            guard let number = value.integerValue, range.contains(number) else {
                throw FieldError(path: path, problem: .outOfRange(minimum: range.lowerBound, maximum: range.upperBound))
            }
            numbers.append(number)
        }
        guard numbers.count == count else { throw failure(name, .missing) }
        return numbers
    }
}
