/// The minutes of the week, in UTC, in which a token may be used.
///
/// Kept as the set of minutes that it is, so that two spellings of the same hours are equal: overlapping and touching
/// windows are one.
package struct HoursOfUse: Hashable, Sendable {
    package enum Day: String, CaseIterable, Sendable {
        case mon, tue, wed, thu, fri, sat, sun
    }

    /// The same stretch of several days.
    package struct Window: Hashable, Sendable {
        package let days: [Day]
        /// Minutes of the day, `from` itself inside and `to` outside.
        package let from: Int
        package let to: Int

        /// Takes at least one day and `0 <= from < to <= 1440`: hours past midnight are two windows.
        package init?(days: [Day], from: Int, to: Int) {
            guard !days.isEmpty, 0 <= from, from < to, to <= HoursOfUse.minutesOfDay else { return nil }
            (self.days, self.from, self.to) = (days, from, to)
        }
    }

    /// A stretch of the week in minutes from Monday 00:00, its end outside.
    private struct Span: Hashable, Sendable {
        var start: Int
        var end: Int
    }

    /// Windows of one set of hours, as they are written and as they are read.
    package static let maximumWindows = 16
    static let minutesOfDay = 1440

    /// In order, none touching the next; at least one.
    private let spans: [Span]

    private init(spans: [Span]) {
        self.spans = spans
    }

    /// Takes what is in one of the windows; nil without a window, and for hours that take more than `maximumWindows` to
    /// write.
    package init?(_ windows: [Window]) {
        var pieces: [Span] = []
        for window in windows {
            for (number, day) in Day.allCases.enumerated() where window.days.contains(day) {
                let midnight = number * Self.minutesOfDay
                pieces.append(Span(start: midnight + window.from, end: midnight + window.to))
            }
        }
        pieces.sort { ($0.start, $0.end) < ($1.start, $1.end) }
        var spans: [Span] = []
        for piece in pieces {
            guard let last = spans.last, piece.start <= last.end else {
                spans.append(piece)
                continue
            }
            spans[spans.endIndex - 1].end = max(last.end, piece.end)
        }
        self.init(spans: spans)
        guard !spans.isEmpty, self.windows.count <= Self.maximumWindows else { return nil }
    }

    /// The hours in their one spelling: days with the same stretch together, in order of the stretches.
    package var windows: [Window] {
        var days: [Span: [Day]] = [:]
        for (number, day) in Day.allCases.enumerated() {
            let midnight = number * Self.minutesOfDay
            for span in spans {
                let piece = Span(
                    start: max(span.start - midnight, 0), end: min(span.end - midnight, Self.minutesOfDay))
                if piece.start < piece.end { days[piece, default: []].append(day) }
            }
        }
        let pieces = days.keys.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        return pieces.compactMap { Window(days: days[$0] ?? [], from: $0.start, to: $0.end) }
    }

    package func contains(_ moment: Timestamp) -> Bool {
        let (quotient, remainder) = moment.seconds.quotientAndRemainder(dividingBy: 86_400)
        let (day, second) = remainder < 0 ? (quotient - 1, remainder + 86_400) : (quotient, remainder)
        // 1970-01-01 was a Thursday, the fourth day; the remainder of a negative day is negative.
        let weekday = (day % 7 + 3 + 7) % 7
        let minute = Int(weekday) * Self.minutesOfDay + Int(second / 60)
        return spans.contains { $0.start <= minute && minute < $0.end }
    }

    /// Whether every minute of these hours is one of `bound` too (`self ⊑ bound`).
    package func isWithin(_ bound: HoursOfUse) -> Bool {
        // No two spans of the bound touch, so one stretch lies within one of them or not at all.
        spans.allSatisfy { mine in bound.spans.contains { $0.start <= mine.start && mine.end <= $0.end } }
    }

    /// The minutes that are in both (`self ∧ other`); nil when there is none, or when they take more than
    /// `maximumWindows` to write: then a narrower set would silently take time away.
    package func meet(_ other: HoursOfUse) -> HoursOfUse? {
        let common = spans.flatMap { mine in
            other.spans.compactMap { theirs -> Span? in
                let span = Span(start: max(mine.start, theirs.start), end: min(mine.end, theirs.end))
                return span.start < span.end ? span : nil
            }
        }
        let meet = HoursOfUse(spans: common)
        return common.isEmpty || meet.windows.count > Self.maximumWindows ? nil : meet
    }
}
