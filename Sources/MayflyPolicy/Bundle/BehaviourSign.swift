/// A way in which an agent can differ from what is usual for it.
package enum BehaviourSign: Int, CaseIterable, Sendable {
    /// A resource that it does not use.
    case newResource
    /// A scope that it does not use.
    case newScope
    /// An agent that it does not hand rights to, or take them from.
    case newPartner
    /// More requests within minutes than its busiest times have.
    case burst
    /// An hour of the day at which it does not work.
    case unusualHour
    /// More refusals than it usually gets.
    case refusals

    /// The word for it in conditions, in the ledger and in metrics.
    package var text: String {
        switch self {
        case .newResource: "new_resource"
        case .newScope: "new_scope"
        case .newPartner: "new_partner"
        case .burst: "burst"
        case .unusualHour: "unusual_hour"
        case .refusals: "refusals"
        }
    }
}
