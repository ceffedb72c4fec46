import MayflyModel

/// What a token request comes to: a token, or the question to people that stands before it.
enum IssueCommand: Command {
    static let concernsNobodyElse = true

    case mint(MintCommand)
    case raise(RaiseApprovalCommand)

    func decide(
        _ state: Tables, _ moment: Moment
    ) throws(BrokerError) -> Decided<Result<IssuedToken, OAuthError>> {
        switch self {
        case .mint(let command): return try command.decide(state, moment)
        case .raise(let command):
            let decided = try command.decide(state, moment)
            let answer = decided.answer.flatMap { Result<IssuedToken, OAuthError>.failure($0.pending) }
            return Decided(answer, changes: decided.changes, events: decided.events)
        }
    }
}
