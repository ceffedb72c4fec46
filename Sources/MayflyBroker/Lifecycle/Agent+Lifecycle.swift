package import MayflyModel

/// How an agent stands with its review.
package enum ReviewStanding: String, CaseIterable, Sendable {
    /// The date has not come.
    case ahead
    case due
    /// It was due for too long.
    case overdue
}

extension Agent {
    /// The latest review that its registration or a record of a review names.
    package var lastReviewed: Timestamp? {
        guard let recorded = lifecycle.reviewedAt, let named = spec.lastReview else {
            return lifecycle.reviewedAt ?? spec.lastReview
        }
        return max(recorded, named)
    }

    /// When its next review is due; nil when it needs none.
    ///
    /// A `next_review` that is later than the latest review, else so long after that review or, before the first one,
    /// after the registration as the agent's or the broker's interval says.
    package func reviewDue(_ settings: LifecycleSettings) -> Timestamp? {
        if let next = spec.nextReview, lastReviewed.map({ next > $0 }) ?? true { return next }
        guard let interval = spec.reviewEvery ?? settings.reviewEvery else { return nil }
        return (lastReviewed ?? createdAt).advanced(bySeconds: interval)
    }

    /// From when on a review that is due at `due` is overdue.
    ///
    /// Counted from when the ledger said that it is due, so that nobody is suspended unwarned because an interval was
    /// set or the broker did not run.
    private func overdue(_ due: Timestamp, _ settings: LifecycleSettings, at now: Timestamp) -> Timestamp {
        let said = lifecycle.moment(of: .reviewDue, about: due, now: now) ?? now
        return max(due, said).advanced(bySeconds: settings.overdueAfter)
    }

    /// How it stands with its review at `now`; nil when it needs none, or reviews are off.
    package func reviewStanding(_ settings: LifecycleSettings, at now: Timestamp) -> ReviewStanding? {
        guard state != .offboarded, settings.overdue != .off, let due = reviewDue(settings) else { return nil }
        guard now >= due else { return .ahead }
        return now >= overdue(due, settings, at: now) ? .overdue : .due
    }

    /// The steps to take about this agent now, each with the date that it is about.
    ///
    /// None is answered again once it is noted, until the date is another.
    func lifecycleSteps(
        _ settings: LifecycleSettings, at now: Timestamp
    ) -> [(step: AgentLifecycle.Step, date: Timestamp)] {
        guard state != .offboarded else { return [] }
        var steps: [(step: AgentLifecycle.Step, date: Timestamp)] = []
        func add(_ step: AgentLifecycle.Step, _ date: Timestamp) {
            if lifecycle.moment(of: step, about: date, now: now) == nil { steps.append((step, date)) }
        }
        // A suspension that is noted was lifted by an administrator since, who has decided about this date.
        let canBeSuspended = state != .suspended
        if settings.overdue != .off, let due = reviewDue(settings), now >= due {
            add(.reviewDue, due)
            if now >= overdue(due, settings, at: now) {
                add(.reviewOverdue, due)
                if settings.overdue == .suspend, canBeSuspended { add(.reviewSuspended, due) }
            }
        }
        guard let end = spec.endDate else { return steps }
        if now >= end {
            guard settings.ended != .off else { return steps }
            add(.ended, end)
            if settings.ended == .suspend, canBeSuspended { add(.endSuspended, end) }
        } else if let notice = settings.endingNotice, now >= end.advanced(bySeconds: -notice) {
            add(.ending, end)
        }
        return steps
    }

    /// Whether its end date has passed and that is for good.
    func mustBeOffboarded(_ settings: LifecycleSettings, at now: Timestamp) -> Bool {
        guard state != .offboarded, settings.ended == .offboard, let end = spec.endDate else { return false }
        return now >= end
    }

    /// Whether there is anything to say or do; costs little for an agent whose dates are ahead.
    func needsAttention(_ settings: LifecycleSettings, at now: Timestamp) -> Bool {
        mustBeOffboarded(settings, at: now) || !lifecycleSteps(settings, at: now).isEmpty
    }
}
