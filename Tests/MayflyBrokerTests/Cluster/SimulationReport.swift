/// What one schedule, or many, came to.
struct SimulationReport: Sendable, CustomStringConvertible {
    /// An answer from memory that should not have been; the first.
    var breach: String?
    /// Something that did not come about though it should; the first.
    var stall: String?
    var schedules = 0
    var acknowledged = 0
    var lapsed = 0
    var expired = 0
    /// Answers that went at once, because everybody was known to have the revision.
    var settled = 0
    var lateRenewals = 0
    var renewals = 0
    var answers = 0
    var refusals = 0
    var removals = 0
    var forgotten = 0
    /// Schedules in which a node without a lease lacked what was released.
    var staleSchedules = 0

    mutating func add(_ other: SimulationReport) {
        breach = breach ?? other.breach
        stall = stall ?? other.stall
        schedules += other.schedules
        acknowledged += other.acknowledged
        lapsed += other.lapsed
        expired += other.expired
        settled += other.settled
        lateRenewals += other.lateRenewals
        renewals += other.renewals
        answers += other.answers
        refusals += other.refusals
        removals += other.removals
        forgotten += other.forgotten
        staleSchedules += other.staleSchedules
    }

    var description: String {
        """
        \(schedules) schedules; released: \(acknowledged) acknowledged, \(lapsed) lapsed, \(expired) by patience, \
        \(settled) at once; \(renewals) renewals, \(lateRenewals) too late; \(answers) questions answered, \
        \(refusals) refused; \(removals) rows removed, \(forgotten) nodes forgotten; \
        \(staleSchedules) schedules with a stale node at a release
        """
    }
}
