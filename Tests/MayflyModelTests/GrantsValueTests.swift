import MayflyModel
import Testing

/// Every order with every unit, at the edges.
struct GrantsValueTests {
    private static func value(_ json: String, _ order: MemberOrder, _ unit: MemberUnit?) throws -> MemberValue? {
        let member = try #require(DetailMember(name: "m", order: order, unit: unit))
        return MemberValue.read(try parseJSON(json), as: member)
    }

    struct Comparison: Sendable, CustomTestStringConvertible {
        let order: MemberOrder
        let unit: MemberUnit?
        let narrow: String
        let wide: String
        /// Whether the first is within the second, and the second within the first.
        let within: (Bool, Bool)
        var testDescription: String { "\(order) \(narrow) in \(wide)" }

        init(_ order: MemberOrder, _ unit: MemberUnit?, _ narrow: String, _ wide: String, _ within: (Bool, Bool)) {
            (self.order, self.unit, self.narrow, self.wide, self.within) = (order, unit, narrow, wide, within)
        }
    }

    @Test(arguments: [
        Comparison(.set, .text, #"["a"]"#, #"["b","a"]"#, (true, false)),
        Comparison(.set, .text, #"["a","a"]"#, #"["a"]"#, (true, true)),
        Comparison(.set, .text, #"["a","b"]"#, #"["b","c"]"#, (false, false)),
        Comparison(.set, .text, #"["A"]"#, #"["a"]"#, (false, false)),
        Comparison(.set, .text, #"["\u00e9"]"#, #"["e\u0301"]"#, (false, false)),
        Comparison(.set, .text, #"["\u212a"]"#, #"["K"]"#, (false, false)),
        Comparison(.exact, .text, #""a""#, #""a""#, (true, true)),
        Comparison(.exact, .text, #""a""#, #""a ""#, (false, false)),
        Comparison(.exact, .text, #""\u00e9""#, #""e\u0301""#, (false, false)),
        Comparison(.exact, .integer, "7", "7", (true, true)),
        Comparison(.exact, .integer, "6", "7", (false, false)),
        Comparison(.max, .integer, "-9223372036854775808", "9223372036854775807", (true, false)),
        Comparison(.max, .integer, "-0", "0", (true, true)),
        Comparison(.max, .decimal, #""1.50""#, #""1.5""#, (true, true)),
        Comparison(.max, .decimal, #""1.49""#, #""1.5""#, (true, false)),
        Comparison(.max, .decimal, #""9""#, #""10""#, (true, false)),
        Comparison(.max, .decimal, #""0.00000000000000001""#, #""0.1""#, (true, false)),
        Comparison(.max, .decimal, #""99999999999999999.9""#, #""999999999999999999""#, (true, false)),
        Comparison(
            .max, .money, #"{"amount":"1","currency":"EUR"}"#, #"{"amount":"2.00","currency":"EUR"}"#, (true, false)),
        Comparison(
            .max, .money, #"{"amount":"1","currency":"EUR"}"#, #"{"currency":"USD","amount":"2"}"#, (false, false)),
        Comparison(
            .max, .money, #"{"amount":"2.0","currency":"EUR"}"#, #"{"currency":"EUR","amount":"2"}"#, (true, true)),
        Comparison(.min, .integer, "9223372036854775807", "-9223372036854775808", (true, false)),
        Comparison(.min, .decimal, #""2""#, #""1.99""#, (true, false)),
        Comparison(
            .min, .money, #"{"amount":"3","currency":"EUR"}"#, #"{"amount":"2","currency":"EUR"}"#, (true, false)),
        Comparison(
            .min, .money, #"{"amount":"3","currency":"EUR"}"#, #"{"amount":"2","currency":"USD"}"#, (false, false)),
        Comparison(.path, .text, #""/a/b""#, #""/a""#, (true, false)),
        Comparison(.path, .text, #""/ab""#, #""/a""#, (false, false)),
        Comparison(.path, .text, #""/a""#, #""/""#, (true, false)),
        Comparison(.path, .text, #""/a/b""#, #""/a/c""#, (false, false)),
        Comparison(.path, .text, #""/A""#, #""/a""#, (false, false)),
        Comparison(.path, .text, #""/\u00e9/x""#, #""/e\u0301""#, (false, false)),
        Comparison(.path, .text, #""/a/\u0301b""#, #""/a""#, (true, false)),
        Comparison(.flag, nil, "true", "false", (true, false)),
        Comparison(.flag, nil, "true", "true", (true, true)),
        Comparison(.flag, nil, "false", "false", (true, true)),
    ])
    func comparesByItsOrder(_ comparison: Comparison) throws {
        let narrow = try #require(try Self.value(comparison.narrow, comparison.order, comparison.unit))
        let wide = try #require(try Self.value(comparison.wide, comparison.order, comparison.unit))
        #expect(narrow.isWithin(wide, order: comparison.order) == comparison.within.0)
        #expect(wide.isWithin(narrow, order: comparison.order) == comparison.within.1)
        if comparison.within.0 {
            #expect(narrow.meet(wide, order: comparison.order) == narrow)
            #expect(wide.meet(narrow, order: comparison.order) == narrow)
        } else if comparison.order != .set {
            #expect(narrow.meet(wide, order: comparison.order) == nil)
        }
        #expect((narrow == wide) == (comparison.within == (true, true)))
    }

    @Test func setsMeetInWhatTheyShare() throws {
        let left = try #require(try Self.value(#"["a","b","c"]"#, .set, .text))
        let right = try #require(try Self.value(#"["d","c","b"]"#, .set, .text))
        #expect(left.meet(right, order: .set) == (try Self.value(#"["b","c"]"#, .set, .text)))
        #expect(left.meet(try #require(try Self.value(#"["d"]"#, .set, .text)), order: .set) == nil)
    }

    @Test(
        arguments: [
            (.set, .text, "[]"), (.set, .text, #""a""#), (.set, .text, #"["a",1]"#), (.set, .text, #"[""]"#),
            (.set, .text, #"["a\u0000"]"#), (.set, .text, #"["\u0085"]"#), (.set, .text, "null"), (.set, .text, "{}"),
            (.exact, .text, "7"), (.exact, .text, #""""#), (.exact, .text, #""a\nb""#), (.exact, .text, "null"),
            (.exact, .integer, #""7""#), (.exact, .integer, "7.0"), (.exact, .integer, "7e0"),
            (.max, .integer, "9223372036854775808"), (.max, .integer, "-9223372036854775809"), (.max, .integer, "1.0"),
            (.max, .integer, "1e400"), (.max, .integer, "true"), (.max, .integer, #""1""#),
            (.max, .decimal, "1"), (.max, .decimal, "1.5"), (.max, .decimal, #""-1""#), (.max, .decimal, #""1e2""#),
            (.min, .money, #"{"amount":1,"currency":"EUR"}"#), (.min, .money, #"{"amount":"1","currency":"eur"}"#),
            (.min, .money, #"{"amount":"1","currency":"EURO"}"#), (.min, .money, #"{"amount":"1"}"#),
            (.min, .money, #"{"amount":"1","currency":"EUR","x":1}"#), (.min, .money, #""1 EUR""#),
            (.min, .money, #"{"amount":"1","currency":"\u212aWD"}"#),
            (.path, .text, #""a""#), (.path, .text, #""""#), (.path, .text, #""/a/""#), (.path, .text, #""//""#),
            (.path, .text, #""/a//b""#), (.path, .text, #""/..""#), (.path, .text, #""/a/../b""#),
            (.path, .text, #""/a/.""#), (.path, .text, #""/%2e%2e""#), (.path, .text, #""/a\\b""#),
            (.path, .text, #""/a\u0000""#), (.path, .text, #""/a\u007f""#), (.path, .text, #""/\u009b""#),
            (.path, .text, "[]"),
            (.flag, nil, #""true""#), (.flag, nil, "1"), (.flag, nil, "null"),
        ] as [(MemberOrder, MemberUnit?, String)])
    func refusesAnotherShape(_ order: MemberOrder, _ unit: MemberUnit?, _ json: String) throws {
        #expect(try Self.value(json, order, unit) == nil)
    }

    @Test func bearsTheLargestSizesAndNoLarger() throws {
        let set = { (count: Int) in JSONValue.array((0..<count).map { .string("v\($0)") }) }
        let path = { (count: Int) in JSONValue.string(String(repeating: "/s", count: count)) }
        let text = { (count: Int) in JSONValue.string(String(repeating: "t", count: count)) }
        let sizes: [(MemberOrder, (Int) -> JSONValue, Int)] = [
            (.set, set, MemberValue.maximumSetElements), (.path, path, MemberValue.maximumPathSegments),
            (.exact, text, ExactText.maximumBytes),
        ]
        for (order, json, most) in sizes {
            let member = try #require(DetailMember(name: "m", order: order, unit: .text))
            #expect(MemberValue.read(json(most), as: member) != nil)
            #expect(MemberValue.read(json(most + 1), as: member) == nil)
        }
    }

    @Test(arguments: RandomRights.everyKind.indices)
    func writesWhatItReads(kind: Int) throws {
        var random = try RandomRights(seed: UInt64(kind))
        let (order, unit) = RandomRights.everyKind[kind]
        let member = try #require(DetailMember(name: "m", order: order, unit: unit))
        for _ in 0..<100 {
            let value = try #require(MemberValue.read(random.json(for: member), as: member))
            #expect(MemberValue.read(value.json, as: member) == value)
        }
    }

    @Test func declaresOnlyUnitsThatGoWithTheOrder() {
        var declared = 0
        for order in MemberOrder.allCases {
            for unit in MemberUnit.allCases + [nil] where DetailMember(name: "m", order: order, unit: unit) != nil {
                declared += 1
            }
        }
        // The eleven kinds, and set and path once more with the unit left out.
        #expect(declared == RandomRights.everyKind.count + 2)
    }

    @Test(arguments: ["", "type", "A", "1a", "_a", "a-b", "\u{E9}", "a\u{301}", String(repeating: "a", count: 64)])
    func refusesAMemberName(_ name: String) {
        #expect(DetailMember(name: name, order: .flag) == nil)
    }
}
