package import MayflyModel

/// Something that the broker is asked to change.
///
/// Deciding is pure: it reads the state that includes every earlier command and returns what is to change, so nothing
/// half-done can be left behind. The writer runs commands one at a time.
package protocol Command: Sendable {
    associatedtype Answer: Sendable

    /// Whether its answer says nothing of what others may do: then it need not wait until every broker of a shared
    /// store knows of changes that came before it.
    static var concernsNobodyElse: Bool { get }

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Answer>
}

extension Command {
    package static var concernsNobodyElse: Bool { false }
}

/// When a command is decided.
package struct Moment: Sendable {
    /// Never smaller than any earlier command's.
    package let now: Timestamp
    /// The epoch for whatever this command kills: larger than every epoch given before.
    package let epoch: Int64
}

/// What a command comes to.
package struct Decided<Answer: Sendable>: Sendable {
    package var answer: Answer
    package var changes: [Change] = []
    package var events: [LedgerEvent] = []

    package init(_ answer: Answer, changes: [Change] = [], events: [LedgerEvent] = []) {
        self.answer = answer
        self.changes = changes
        self.events = events
    }
}
