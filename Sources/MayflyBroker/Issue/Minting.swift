import MayflyModel
import MayflyPolicy

/// Everything that a token is made from, once narrowing has decided what it may hold.
struct Minting: Sendable {
    let kind: TokenKind
    /// The `jti` that it gets.
    let tokenID: String
    let event: LedgerEvent.Kind
    /// The principal that the chain began with.
    let subject: String
    /// Who gets it.
    let view: AgentView
    let parents: [ChainLink]
    let grant: Grant
    let task: String
    let trace: String
    let delegates: [Delegate]
    /// What policy said of it; nil when the bundle in force says yes to everything.
    let ruling: PolicyRuling?
    /// Seconds.
    let life: Int64
    /// Seconds since 1970 that the token must not outlive.
    let notPast: Int64?
    /// The ticket that is redeemed, if one is: its `jti`, and the mark that uses it up.
    let ticket: (id: String, mark: UsedMark)?
    /// Whether a parent is bound to a key, which what comes of it must be, too.
    var demandsBinding = false
    /// As it was asked for.
    var request = TokenRequest()
    /// For whom the chain acts; nil when it began with an agent's own task.
    var actedFor: ActedFor?
    /// The smallest epoch that a token on that person's behalf may carry, at the root of a chain.
    var personEpoch: Int64 = 0
    /// The approval that the client comes with, if it names one.
    var approval: ApprovalID?
    /// The approval that the token is made of.
    var agreement: ApprovalID?

    /// Whether `request` says all that is needed to ask again: what comes from a parent's or a person's token does not.
    var canBeRepeated: Bool { parents.isEmpty && kind == .accessToken && actedFor == nil }
}
