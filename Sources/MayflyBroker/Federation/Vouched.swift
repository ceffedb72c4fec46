/// What comes of looking at something that a provider vouches for.
package enum Vouched<Answer: Sendable>: Sendable {
    case found(Answer)
    /// The provider's keys must be fetched before anything can be said.
    case needsKeys(of: Provider)

    /// The same with what `body` makes of the answer.
    func map<New, Failure>(_ body: (Answer) throws(Failure) -> New) throws(Failure) -> Vouched<New> {
        switch self {
        case .found(let answer): .found(try body(answer))
        case .needsKeys(let provider): .needsKeys(of: provider)
        }
    }
}
