package import MayflyCrypto
import MayflyLedger
package import MayflyModel
import MayflyPolicy

/// One thing worth remembering: who, on whose behalf, what, where, how it was decided.
///
/// It holds ids, digests and spent amounts only, never a token, a secret or a personal attribute.
package struct LedgerEvent: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case brokerStarted = "broker.started"
        case tokenIssued = "token.issued"
        case tokenDelegated = "token.delegated"
        case ticketIssued = "ticket.issued"
        case tokenRefused = "token.refused"
        case clientRefused = "client.refused"
        case requestLimited = "request.limited"
        case actionDecided = "action.decided"
        case budgetSettled = "budget.settled"
        case revoked = "revoked"
        case registryChanged = "registry.changed"
        case agentReviewed = "agent.reviewed"
        case agentReviewDue = "agent.review_due"
        case agentReviewOverdue = "agent.review_overdue"
        case agentEnding = "agent.ending"
        case agentEnded = "agent.ended"
        case keyEnrolled = "key.enrolled"
        case keyRemoved = "key.removed"
        case signingKeyRotated = "signing_key.rotated"
        case signingKeyCompromised = "signing_key.compromised"
        case clockAccepted = "clock.accepted"
        case ledgerArchived = "ledger.archived"
        case storeResumed = "store.resumed"
        case policyChanged = "policy.changed"
        case approvalRaised = "approval.raised"
        case approvalVoted = "approval.voted"
        case approvalApproved = "approval.approved"
        case approvalDenied = "approval.denied"
        case approvalExpired = "approval.expired"
        case approvalReopened = "approval.reopened"
        case approvalSuperseded = "approval.superseded"
        case approvalUsed = "approval.used"
        case supervisionOpened = "supervision.opened"
        case supervisionReversed = "supervision.reversed"
        case noticeFailed = "notice.failed"
        case noticeTested = "notice.tested"
        case behaviourDeviated = "behaviour.deviated"
        case compositionProposed = "composition.proposed"
        case compositionApproved = "composition.approved"
        case compositionDenied = "composition.denied"
        case compositionWithdrawn = "composition.withdrawn"
        case compositionLapsed = "composition.lapsed"
    }

    package enum Outcome: String, CaseIterable, Sendable {
        case ok
        case refused
        case allowed
        case denied
    }

    /// How long the entry must be kept; the operator maps classes to years.
    package enum Retention: String, CaseIterable, Sendable {
        case access
        case change
        case security
    }

    package var kind: Kind
    package var outcome: Outcome
    /// Who asked: an agent, an administrator, a resource, or `broker`.
    package var actor: String
    /// On whose behalf: the principal the chain began with.
    package var subject: String?
    package var agent: AgentID?
    package var owner: OwnerID?
    /// Who answers for the agents above as well: for notices, and not written down.
    var answering: Set<OwnerID> = []
    /// The audience.
    package var resource: String?
    /// `allow` or `deny`, and which rule said so; of a person `approve` or `deny`.
    package var decision: String?
    package var rule: String?
    package var scope: String?
    package var action: String?
    package var task: String?
    package var trace: String?
    /// A token's `jti`.
    package var token: String?
    /// Of the program that a token was given to, or that an agent is to be from then on.
    package var composition: CompositionDigest?
    /// When a token or a question to people expires, or the date of a review or an end.
    package var expiresAt: Timestamp?
    package var chain: [ChainLink] = []
    /// What was taken from budgets, or in the end used.
    package var cost: Money?
    package var records: Int64?
    /// The reservation by which some of it may come back, or came back.
    package var reservation: String?
    /// The request that people were asked to approve: its `auth_req_id`, worth something to its own client only.
    package var approval: String?
    /// The name under which something can be taken back, or was.
    package var supervision: String?
    /// How long the request had stood by then, or can be taken back, or had stood until it was.
    package var seconds: Int64?
    /// For people: which record was changed, what was revoked and why.
    package var target: String?
    package var reason: String?
    /// SHA-256 of the record after a registry change, or of exactly what people were asked to approve.
    package var digest: SHA256Digest?
    /// The root over archived entries; `digest` is then that of the segment file.
    package var root: SHA256Digest?

    /// The digest of the policy bundle that decided or was changed.
    package var bundle: String?
    /// The decision and the facts it was made on; nil where no bundle was asked.
    package var policy: PolicyRuling?

    package init(_ kind: Kind, _ outcome: Outcome, actor: String) {
        (self.kind, self.outcome, self.actor) = (kind, outcome, actor)
    }

    /// Takes over what policy said, with the rule that said it and why.
    mutating func govern(by ruling: PolicyRuling) {
        policy = ruling
        decision = ruling.decision.outcome.name
        rule = ruling.decision.rule
        reason = ruling.decision.reason
    }

    package var retention: Retention {
        switch kind {
        case .tokenIssued, .tokenDelegated, .ticketIssued, .actionDecided, .budgetSettled: .access
        case .registryChanged, .brokerStarted, .signingKeyRotated, .keyEnrolled, .keyRemoved, .ledgerArchived,
            .storeResumed, .policyChanged, .agentReviewed, .agentReviewDue, .agentEnding:
            .change
        case .tokenRefused, .clientRefused, .requestLimited, .revoked, .signingKeyCompromised, .clockAccepted,
            .approvalRaised, .approvalVoted,
            .approvalApproved, .approvalDenied, .approvalExpired, .approvalReopened, .approvalSuperseded, .approvalUsed,
            .supervisionOpened, .supervisionReversed, .noticeFailed, .noticeTested,
            .behaviourDeviated, .agentReviewOverdue, .agentEnded, .compositionProposed, .compositionApproved,
            .compositionDenied, .compositionWithdrawn, .compositionLapsed:
            .security
        }
    }

    /// The entry at `index`: the bytes written once and hashed as they are.
    package func entry(index: UInt64, time: Timestamp) -> LedgerEntry {
        let bytes = encoded(time: time)
        return LedgerEntry(
            index: index, time: time, leafHash: LedgerHash.leaf(bytes), bytes: bytes,
            terms: LedgerTerms(
                event: kind.rawValue, outcome: outcome.rawValue, agent: agent?.text, owner: owner?.text,
                resource: resource, task: task, trace: trace, token: token))
    }

    private func encoded(time: Timestamp) -> [UInt8] {
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        func member(_ name: StaticString, _ text: String?) {
            guard let text else { return }
            writer.name(name)
            writer.string(text)
        }
        writer.name("v")
        writer.integer(1)
        member("time", RFC3339.format(time))
        member("event", kind.rawValue)
        member("outcome", outcome.rawValue)
        member("retention", retention.rawValue)
        member("actor", actor)
        member("subject", subject)
        member("agent", agent?.text)
        member("owner", owner?.text)
        member("resource", resource)
        member("action", action)
        member("decision", decision)
        member("rule", rule)
        member("scope", scope)
        member("task", task)
        member("trace", trace)
        member("token", token)
        member("composition", composition?.text)
        member("expires", expiresAt.map(RFC3339.format))
        if let cost {
            writer.name("cost")
            writer.value(cost.json)
        }
        if let records {
            writer.name("records")
            writer.integer(records)
        }
        member("reservation", reservation)
        member("approval", approval)
        member("supervision", supervision)
        if let seconds {
            writer.name("seconds")
            writer.integer(seconds)
        }
        member("target", target)
        member("reason", reason)
        member("sha256", digest.map { Base64URL.encode($0.bytes) })
        member("root", root.map { Base64URL.encode($0.bytes) })
        member("bundle", bundle ?? policy?.digest)
        if let policy { Self.write(policy, into: &writer) }
        if !chain.isEmpty {
            writer.name("chain")
            ChainLink.write(chain, into: &writer)
        }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ policy: PolicyRuling, into writer: inout JSONWriter) {
        writer.name("tier")
        writer.integer(Int64(policy.decision.tier.rawValue))
        writer.name("facts")
        writer.value(.object(policy.facts.ledgerJSON))
        guard let shadow = policy.shadow else { return }
        writer.name("shadow")
        writer.value(
            .object([
                "bundle": .string(shadow.digest), "decision": .string(shadow.outcome.name),
                "rule": .string(shadow.rule),
            ]))
    }
}
