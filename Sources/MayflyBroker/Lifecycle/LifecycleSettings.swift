/// What is done about reviews that are due and end dates that come; every span is in seconds.
package struct LifecycleSettings: Equatable, Sendable {
    package enum Overdue: String, CaseIterable, Sendable {
        /// Nothing is said and nothing done.
        case off
        /// The ledger says when a review is due and when it is overdue.
        case warn
        /// An agent whose review is overdue is suspended, too.
        case suspend
    }

    package enum Ended: String, CaseIterable, Sendable {
        case off
        /// The ledger says so; the agent gets no token either way.
        case warn
        case suspend
        /// For good.
        case offboard
    }

    /// From one review to the next, unless the agent's registration says otherwise; nil for no review by itself.
    package var reviewEvery: Int64?
    package var overdue = Overdue.warn
    /// From when a review is due, and that was written down, until it is overdue.
    package var overdueAfter: Int64 = 14 * 86_400
    /// So long before an end date the ledger says that it comes; nil for never.
    package var endingNotice: Int64? = 7 * 86_400
    package var ended = Ended.warn

    package init() {}
}
