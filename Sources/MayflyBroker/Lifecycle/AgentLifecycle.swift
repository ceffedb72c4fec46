package import MayflyModel

/// When an agent was reviewed, and what the broker has said and done about its review and end date.
package struct AgentLifecycle: Equatable, Sendable {
    /// What the broker says or does once for each date.
    enum Step: String, CaseIterable, Sendable {
        case reviewDue = "review_due"
        case reviewOverdue = "review_overdue"
        case reviewSuspended = "review_suspended"
        case ending
        case ended
        case endSuspended = "end_suspended"

        var isAboutReview: Bool {
            switch self {
            case .reviewDue, .reviewOverdue, .reviewSuspended: true
            case .ending, .ended, .endSuspended: false
            }
        }
    }

    /// One step that was taken: about which date, and when.
    struct Notice: Equatable, Sendable {
        let step: Step
        let date: Timestamp
        let at: Timestamp
    }

    /// Milliseconds that a notice may be ahead of the clock; one from farther ahead was written under a wrong clock,
    /// and counts for nothing.
    private static let tolerance: Int64 = 86_400_000

    /// The latest review that somebody recorded.
    package private(set) var reviewedAt: Timestamp?
    /// At most one of each step.
    private(set) var notices: [Notice] = []

    package init() {}

    var isEmpty: Bool { reviewedAt == nil && notices.isEmpty }

    /// When `step` was taken about `date`; nil when it was not.
    func moment(of step: Step, about date: Timestamp, now: Timestamp) -> Timestamp? {
        guard let notice = notices.first(where: { $0.step == step }), notice.date == date else { return nil }
        let (ahead, overflow) = notice.at.milliseconds.subtractingReportingOverflow(now.milliseconds)
        return overflow || ahead > Self.tolerance ? nil : notice.at
    }

    /// Remembers that `step` was taken, in place of the last time that it was.
    mutating func note(_ step: Step, about date: Timestamp, at moment: Timestamp) {
        notices.removeAll { $0.step == step }
        notices.append(Notice(step: step, date: date, at: moment))
    }

    /// Remembers a review; what was said about earlier ones is of no more use.
    mutating func review(at moment: Timestamp) {
        reviewedAt = moment
        notices.removeAll { $0.step.isAboutReview }
    }

    /// This as a clock has to take it that was set back to `now`: a review that seems to lie ahead was made now.
    ///
    /// Nil when none does. Otherwise the next one would be due so long after the time that was wrong.
    func takenBack(to now: Timestamp) -> AgentLifecycle? {
        guard let reviewedAt, now < reviewedAt else { return nil }
        var lifecycle = self
        lifecycle.reviewedAt = now
        return lifecycle
    }
}

extension AgentLifecycle {
    var json: JSONObject {
        var object = JSONObject()
        object["reviewed"] = reviewedAt.map { .string(RFC3339.format($0)) }
        if !notices.isEmpty {
            object["notices"] = .array(
                notices.map { notice in
                    .object([
                        "step": .string(notice.step.rawValue), "date": .string(RFC3339.format(notice.date)),
                        "at": .string(RFC3339.format(notice.at)),
                    ])
                })
        }
        return object
    }

    /// Takes the member `lifecycle` of a stored agent, which one without any such past does not have.
    static func read(in fields: inout FieldReader) throws(FieldError) -> AgentLifecycle {
        var lifecycle = AgentLifecycle()
        guard var object = try fields.object("lifecycle") else { return lifecycle }
        lifecycle.reviewedAt = try object.timestamp("reviewed")
        for (value, path) in try object.values("notices", maximumCount: Step.allCases.count) ?? [] {
            guard let members = value.objectValue else {
                throw FieldError(path: path, problem: .wrongType(expected: "an object"))
            }
            var notice = FieldReader(members, path: path)
            lifecycle.notices.append(
                Notice(
                    step: try notice.required("step", try notice.choice("step", Step.self)),
                    date: try notice.required("date", try notice.timestamp("date")),
                    at: try notice.required("at", try notice.timestamp("at"))))
            try notice.finish()
        }
        try object.finish()
        return lifecycle
    }
}
