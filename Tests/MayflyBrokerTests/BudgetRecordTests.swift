@testable import MayflyBroker
import MayflyModel
import Testing

/// What limits and budgets look like in tokens and in the store, and what is not taken for them.
struct BudgetRecordTests {
    private func budget() throws -> Budget {
        let limits = try Limits.Request(
            try JSONParser.parse(
                Array(#"{"type":"mayfly_limits","max_calls":5,"max_cost":{"amount":"9","currency":"USD"}}"#.utf8))
        ).limits
        return Budget(
            id: "jti", resource: try #require(ResourceName("tickets")), limits: limits,
            expires: Timestamp(seconds: 1_900_000_000))
    }

    private func amounts(_ amount: String, calls: Int64? = 1) throws -> Amounts {
        Amounts(calls: calls, cost: Money(amount: try #require(DecimalNumber(amount)), currency: "USD"))
    }

    @Test func aBudgetIsReadAsItWasWritten() throws {
        var spent = try budget().taking(amounts("0.10"))
        spent.openReservations = Budget.maximumReservations
        #expect(try Budget(stored: spent.stored) == spent)
        #expect(try Budget(stored: JSONParser.parseObject(JSONWriter.bytes(of: .object(spent.stored)))) == spent)
        for (name, value) in [
            ("jti", nil), ("resource", .string("Tickets")), ("limits", .object([:])), ("calls", .integer(-1)),
            ("cost", .string("-1")), ("cost", .integer(1)), ("records", .string("1")),
            ("open", .integer(Budget.maximumReservations + 1)), ("expires", nil), ("more", .bool(true)),
        ] as [(String, JSONValue?)] {
            var stored = spent.stored
            stored[name] = value
            #expect(throws: FieldError.self, "\(name)") { try Budget(stored: stored) }
        }
    }

    @Test func takingIsAllOrNothingAndReturningNeverGains() throws {
        let budget = try budget()
        let spent = try budget.taking(amounts("8.5"))
        #expect(try spent.remaining == Amounts(calls: 4, cost: amounts("0.5").cost))
        #expect(throws: Budget.Exhausted(member: .cost)) { try spent.taking(amounts("0.51")) }
        #expect(throws: Budget.Exhausted(member: .calls)) { try spent.taking(amounts("0", calls: nil)) }
        #expect(throws: Budget.Exhausted(member: .calls)) { try spent.taking(amounts("0", calls: -1)) }
        #expect(throws: Budget.Exhausted(member: .calls)) { try spent.taking(amounts("0", calls: Int64.max)) }
        #expect(throws: Budget.Exhausted(member: .cost)) { try spent.taking(Amounts(calls: 1)) }
        let zero = try #require(DecimalNumber("0"))
        #expect(throws: Budget.Exhausted(member: .cost)) {
            try spent.taking(Amounts(calls: 1, cost: Money(amount: zero, currency: "EUR")))
        }
        // Nothing is open, so nothing comes back.
        #expect(try spent.returning(amounts("1")) == nil)
        var open = spent
        open.openReservations = 1
        #expect(try open.returning(amounts("8.5")) == budget)
        #expect(try open.returning(amounts("8.51")) == nil)
        #expect(try open.returning(amounts("1", calls: 2)) == nil)
        #expect(try open.returning(amounts("1", calls: -1)) == nil)
    }

    private func claims(_ details: [String]) throws -> TokenClaims {
        let json = try JSONParser.parse(Array("[\(details.joined(separator: ","))]".utf8))
        let bare = TokenClaims(
            issuer: World.issuer, subject: "agent:root", audience: World.tickets, clientID: "agent:root",
            tokenID: "jti", issuedAt: 1, expiresAt: 2, scopes: ScopeSet([]))
        var object = try JSONParser.parseObject(bare.encoded())
        object["authorization_details"] = json
        return try TokenClaims(object)
    }

    @Test func claimsHoldOneObjectOfLimits() throws {
        let limits = #"{"type":"mayfly_limits","max_calls":3,"read_only":true}"#
        let detail = #"{"type":"t"}"#
        let read = try claims([detail, limits])
        #expect(read.limits.maximumCalls == 3 && read.limits.readOnly && read.details.count == 1)
        #expect(try TokenClaims(JSONParser.parseObject(read.encoded())) == read)
        #expect(try claims([detail]).limits.isNone)
        let most = [String](repeating: detail, count: DetailSet.maximumCount)
        #expect(try claims(most + [limits]).details.count == DetailSet.maximumCount)
        for wrong in [
            most + [detail], most + [detail, limits], [limits, limits], [#"{"type":"mayfly_limits","max_calls":0}"#],
            [#"{"type":"mayfly_limits","max_calls":null}"#], [#"{"type":"mayfly_limits","other":1}"#],
        ] {
            #expect(throws: FieldError.self) { try claims(wrong) }
        }
    }
}
