package import MayflyModel

/// What an allowed action took, until the tool says how much of it was used, or the tree has expired.
package struct Reservation: Record, Equatable {
    /// Random; worth something only to whoever asked.
    package let id: String
    package let amounts: Amounts
    /// The budgets that it was taken from, root first.
    package let budgets: [String]
    /// The resource or administrator that asked, who alone may settle.
    package let asker: String
    /// For the ledger: what the action was done with.
    package let token: String
    package let agent: AgentID
    package let audience: String
    package let task: String
    package let trace: String
    /// When the outermost of its budgets goes, which is the last to.
    package let expires: Timestamp

    package var expiresAt: Timestamp? { expires }

    package static let kind = RecordKind.reservation
    package static func key(of id: String) -> [UInt8] { Array(id.utf8) }
}

extension Reservation {
    package var stored: JSONObject {
        [
            "id": .string(id), "amounts": .object(amounts.json), "budgets": .array(budgets.map { .string($0) }),
            "asker": .string(asker), "token": .string(token), "agent": .string(agent.text),
            "audience": .string(audience), "task": .string(task), "trace": .string(trace),
            "expires": .integer(expires.milliseconds),
        ]
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.string("id", maximum: TokenID.maximumLength)
        guard var inner = try fields.object("amounts") else { throw fields.failure("amounts", .missing) }
        amounts = try Amounts(&inner)
        try inner.finish()
        let links = Int(RegistryLimits.maximumDepth) + 1
        budgets = try fields.strings("budgets", maximumCount: links, maximumLength: TokenID.maximumLength) ?? []
        asker = try fields.string("asker")
        token = try fields.string("token", maximum: TokenID.maximumLength)
        agent = try fields.identifier("agent")
        audience = try fields.string("audience")
        task = try fields.string("task")
        trace = try fields.string("trace")
        expires = Timestamp(milliseconds: try fields.integer("expires", in: 0...Int64.max))
        try fields.finish()
    }
}

extension Amounts {
    /// Reads `calls`, `cost` and `records`, each of which may be left out; whole numbers from 0 up.
    package init(_ fields: inout FieldReader) throws(FieldError) {
        let calls = try fields.optionalInteger(Member.calls.rawValue, in: 0...Int64.max)
        var cost: Money?
        if let json = fields.take(Member.cost.rawValue) {
            guard let money = Money(json) else {
                throw fields.failure(
                    Member.cost.rawValue, .invalid(rule: "an amount and a currency, such as \"12.50\" and \"EUR\""))
            }
            cost = money
        }
        self.init(
            calls: calls, cost: cost, records: try fields.optionalInteger(Member.records.rawValue, in: 0...Int64.max))
    }
}
