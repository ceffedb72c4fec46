import MayflyCrypto
package import MayflyModel
import MayflyPolicy

/// Something that tier 2 let through, which people can take back within a window.
package struct Supervision: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        /// It stands, and can be taken back while the window is open.
        case open
        /// Somebody took it back: the token has ended, and everything below it.
        case reversed
        /// The window has ended; it stands for good.
        case final
    }

    /// How somebody took it back.
    package struct Reversal: Equatable, Sendable {
        /// The owner or administrator.
        package let actor: String
        /// In their own words.
        package let reason: String
        package fileprivate(set) var at: Timestamp
    }

    /// Records that are kept, of one agent and of all: what would be one more is refused, so that memory stays bounded
    /// and nothing goes by that nobody could take back.
    package static let maximumByAgent = 10_000
    package static let maximumCount = 50_000
    /// Seconds for which a record outlives its window.
    static let memory: Int64 = 600
    /// The same for what was taken back: a tool that looks late must not believe that it stands.
    static let reversalMemory: Int64 = 86_400

    /// At the mint the `jti` of the token, else a name of its own in the same form.
    package let id: String
    /// Who asked for the decision: the agent itself at the mint, a resource at an action.
    package let asker: String
    /// Who holds the token.
    package let agent: AgentID
    /// The audience.
    package let resource: String
    package let scope: String?
    /// Nil for what happened at the mint.
    package let action: String?
    package let task: String
    package let trace: String
    /// Ends when it is taken back.
    package let token: String
    /// Root first; the last link is the token.
    package let chain: [ChainLink]
    package let cost: Money?
    package let records: Int64?
    /// Which rule of the policy let it through.
    package let rule: String
    package private(set) var openedAt: Timestamp
    /// From here on it stands for good.
    package private(set) var lapsesAt: Timestamp
    package var reversal: Reversal?

    package var expiresAt: Timestamp? {
        lapsesAt.advanced(bySeconds: reversal == nil ? Self.memory : Self.reversalMemory)
    }

    package func state(at now: Timestamp) -> State {
        reversal != nil ? .reversed : now < lapsesAt ? .open : .final
    }

    /// Whole seconds in which it can still be taken back, at least 0.
    package func secondsLeft(at now: Timestamp) -> Int64 { max(0, lapsesAt.seconds - now.seconds) }

    /// This as a clock has to take it that was set back to `now`: what seems to be let through later was let through
    /// now.
    ///
    /// Nil when nothing lies ahead. Otherwise it could be taken back, and would not be final, until the time that was
    /// wrong has come.
    func takenBack(to now: Timestamp) -> Supervision? {
        guard now < openedAt else { return nil }
        var supervision = self
        supervision.lapsesAt = Timestamp(milliseconds: lapsesAt.milliseconds - openedAt.milliseconds + now.milliseconds)
        supervision.openedAt = now
        supervision.reversal?.at = now
        return supervision
    }

    package static let kind = RecordKind.supervision
    package static func key(of id: String) -> [UInt8] { Array(id.utf8) }
}

extension Supervision {
    /// What `ruling` lets a token through with, in tier 2; nil in every other tier.
    ///
    /// `action` is as it may stand in the ledger, nil at the mint.
    static func opened(
        _ id: String, by ruling: PolicyRuling?, for claims: TokenClaims, asker: String, scope: String?,
        action: String?, at now: Timestamp
    ) -> Supervision? {
        guard let ruling, let window = ruling.decision.window, let agent = claims.chain.last?.agent else { return nil }
        return Supervision(
            id: id, asker: asker, agent: agent, resource: claims.audience, scope: scope, action: action,
            task: claims.task, trace: claims.trace, token: claims.tokenID, chain: claims.chain,
            cost: ruling.facts.context.cost, records: ruling.facts.context.records, rule: ruling.decision.rule,
            openedAt: now, lapsesAt: now.advanced(bySeconds: window))
    }
}

extension Supervision {
    package var stored: JSONObject {
        var object: JSONObject = [
            "id": .string(id), "asker": .string(asker), "agent": .string(agent.text), "resource": .string(resource),
        ]
        object["scope"] = scope.map { .string($0) }
        object["action"] = action.map { .string($0) }
        object["task"] = .string(task)
        object["trace"] = .string(trace)
        object["jti"] = .string(token)
        object["chain"] = .array(
            chain.map { link in
                var json: JSONObject = [
                    "jti": .string(link.tokenID), "agent": .string(link.agent.text), "epoch": .integer(link.epoch),
                ]
                json["via"] = link.ticket.map { .string($0) }
                return .object(json)
            })
        object["cost"] = cost.map(\.json)
        object["records"] = records.map { .integer($0) }
        object["rule"] = .string(rule)
        object["opened"] = .integer(openedAt.milliseconds)
        object["lapses"] = .integer(lapsesAt.milliseconds)
        object["reversal"] = reversal.map { reversal in
            .object([
                "actor": .string(reversal.actor), "reason": .string(reversal.reason),
                "at": .integer(reversal.at.milliseconds),
            ])
        }
        return object
    }

    /// Reads what `stored` wrote.
    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.string("id", maximum: TokenID.maximumLength)
        asker = try fields.string("asker")
        agent = try fields.identifier("agent")
        resource = try fields.string("resource", maximum: StoreLimits.termBytes)
        scope = try fields.optionalString("scope", maximum: JWS.maximumLength)
        action = try fields.optionalString("action", maximum: StoreLimits.termBytes)
        task = try fields.string("task", maximum: TokenID.maximumTaskLength)
        trace = try fields.string("trace")
        token = try fields.string("jti", maximum: TokenID.maximumLength)
        chain = try ChainLink.list("chain", in: &fields)
        cost = try fields.money("cost")
        records = try fields.optionalInteger("records", in: 0...Int64.max)
        rule = try fields.string("rule")
        openedAt = Timestamp(milliseconds: try fields.integer("opened", in: 0...Int64.max))
        lapsesAt = Timestamp(milliseconds: try fields.integer("lapses", in: 0...Int64.max))
        if var reader = try fields.object("reversal") {
            reversal = Reversal(
                actor: try reader.string("actor"),
                reason: try reader.string("reason", maximum: RegistryLimits.textLength),
                at: Timestamp(milliseconds: try reader.integer("at", in: 0...Int64.max)))
            try reader.finish()
        }
        try fields.finish()
    }
}
