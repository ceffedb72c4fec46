import MayflyModel
import Testing

/// Exact arithmetic, and what a settlement gives back.
struct AmountsTests {
    @Test(arguments: [
        ("0", "0", "0"), ("1.5", "0.5", "2"), ("0.1", "0.2", "0.3"), ("9.99", "0.01", "10"),
        ("999999999999999998", "1", "999999999999999999"), ("0.00000000000000001", "0", "0.00000000000000001"),
        ("99999999999999999", "0.9", "99999999999999999.9"),
    ])
    func sumsAndDifferencesAreExact(_ left: String, _ right: String, _ sum: String) throws {
        let (a, b) = (try #require(DecimalNumber(left)), try #require(DecimalNumber(right)))
        let total = try #require(a.adding(b))
        #expect(total.text == sum)
        #expect(total == b.adding(a))
        #expect(total.subtracting(b) == a && total.subtracting(a) == b)
        #expect(DecimalNumber.readingSum(total.text) == total)
    }

    @Test func whatDoesNotFitIsNoNumber() throws {
        let most = try #require(DecimalNumber("999999999999999999"))
        let least = try #require(DecimalNumber("0.00000000000000001"))
        #expect(most.adding(try #require(DecimalNumber("1"))) == nil)
        #expect(try #require(DecimalNumber("1")).subtracting(try #require(DecimalNumber("1.1"))) == nil)
        #expect(least.subtracting(most) == nil)
        // More digits than a request may write, and none is lost.
        let sum = try #require(most.adding(least))
        #expect(sum.text == "999999999999999999.00000000000000001")
        #expect(DecimalNumber(sum.text) == nil)
        #expect(DecimalNumber.readingSum(sum.text) == sum)
        #expect(sum.adding(most) == nil)
        #expect(sum.subtracting(least) == most)
        #expect(DecimalNumber.readingSum("1000000000000000000") == nil)
        #expect(DecimalNumber.readingSum("1.000000000000000001") == nil)
    }

    @Test(arguments: lawSeeds)
    func addingAndSubtractingAreInverse(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func number() throws -> DecimalNumber {
            let digits = Int.random(in: 0...17, using: &random)
            let whole = Int64.random(in: 0...99_999, using: &random)
            let fraction = String(Int64.random(in: 0..<100_000_000_000_000_000, using: &random)).prefix(min(digits, 12))
            return try #require(DecimalNumber(fraction.isEmpty ? "\(whole)" : "\(whole).\(fraction)"))
        }
        for _ in 0..<200 {
            let (a, b, c) = (try number(), try number(), try number())
            let sum = try #require(a.adding(b))
            #expect(sum == b.adding(a))
            #expect(sum.adding(c) == b.adding(c).flatMap { a.adding($0) })
            #expect(sum.subtracting(a) == b)
            #expect(a <= sum)
            #expect((a.subtracting(b) == nil) == (a < b))
        }
    }

    // MARK: Settling

    private func money(_ amount: String, _ currency: String = "USD") throws -> Money {
        Money(amount: try #require(DecimalNumber(amount)), currency: currency)
    }

    @Test func whatWasNotUsedComesBack() throws {
        let reserved = Amounts(calls: 1, cost: try money("12.50"), records: 10)
        #expect(
            try reserved.unused(after: Amounts(cost: money("2.49"), records: 3))
                == Amounts(cost: money("10.01"), records: 7))
        #expect(try reserved.unused(after: .nothing) == .nothing)
        #expect(try reserved.unused(after: Amounts(calls: 1)) == .nothing)
        #expect(try reserved.unused(after: Amounts(calls: 0)) == reserved)
        #expect(try reserved.unused(after: Amounts(calls: 0, cost: money("0"), records: 0)) == reserved)
        #expect(
            try reserved.unused(after: Amounts(cost: money("12.5"), records: 10))
                == Amounts(cost: money("0"), records: 0))
    }

    @Test func moreThanWasReservedIsNotUsed() throws {
        let reserved = Amounts(calls: 1, cost: try money("12.50"), records: 10)
        let wrong: [(Amounts, Amounts.Member)] = [
            (Amounts(cost: try money("12.51")), .cost), (Amounts(cost: try money("1", "EUR")), .cost),
            (Amounts(records: 11), .records), (Amounts(records: -1), .records), (Amounts(calls: 2), .calls),
            (Amounts(calls: -1), .calls), (Amounts(calls: 0, records: 1), .calls),
            (Amounts(calls: 0, cost: try money("0.01")), .calls),
        ]
        for (used, member) in wrong {
            #expect(throws: Amounts.Overuse(member: member)) { try reserved.unused(after: used) }
        }
        #expect(throws: Amounts.Overuse(member: .cost)) {
            try Amounts(calls: 1).unused(after: Amounts(cost: try money("0")))
        }
        #expect(throws: Amounts.Overuse(member: .records)) { try Amounts(calls: 1).unused(after: Amounts(records: 0)) }
    }
}
