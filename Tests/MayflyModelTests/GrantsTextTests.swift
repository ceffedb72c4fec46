import MayflyModel
import Testing

struct GrantsTextTests {
    @Test(arguments: [
        ("0", "0"), ("12", "12"), ("12.50", "12.5"), ("0.0", "0"), ("0.10", "0.1"), ("1.05", "1.05"),
        ("100", "100"), ("999999999999999999", "999999999999999999"),
        ("0.00000000000000001", "0.00000000000000001"), ("12345678.9012345678", "12345678.9012345678"),
    ])
    func decimalHasOneSpelling(_ written: String, _ canonical: String) throws {
        let number = try #require(DecimalNumber(written))
        #expect(number.text == canonical)
        #expect(DecimalNumber(canonical) == number)
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "-1", "-0", "+1", "01", "00", "1e5", "1,5", " 1", "1 ", "0x1", "1.2.3", "1..2", "NaN",
        "\u{661}", "1\u{301}", "1000000000000000000", "0.000000000000000000", "9223372036854775808",
        "1.000000000000000000", "99999999999999999999999999999999999999",
    ])
    func decimalRefuses(_ text: String) {
        #expect(DecimalNumber(text) == nil)
    }

    @Test func decimalsSortAsNumbers() throws {
        let ascending = [
            "0", "0.00000000000000001", "0.09", "0.1", "1", "1.01", "1.1", "9.99", "10", "999999999999999999",
        ]
        let numbers = ascending.compactMap(DecimalNumber.init)
        #expect(numbers.count == ascending.count)
        #expect(numbers.shuffled().sorted() == numbers)
    }

    @Test(arguments: [
        "https://api.example", "https://api.example/", "https://api.example:8443/a/b?c=d", "spiffe://td/x",
        "http://[::1]:8080/", "HTTPS://API.example", "mcp+https://h",
    ])
    func resourceIsAnAbsoluteURI(_ text: String) {
        #expect(ResourceURL(text)?.text == text)
    }

    @Test(arguments: [
        "", "api.example", "https:", "https:/x", "https://", "https:///x", "https://:443", "https://?x", "://h",
        "1http://h", "https://user@h", "https://good\\@evil", "https://h/#f", "https://h#", "https://h/a b",
        "https://h/\u{E9}", "https://h/\u{7F}", "https://h/\n", "https://h/\"", "https://h/\0", "urn:x:y",
        "https://h/" + String(repeating: "a", count: 503),
    ])
    func resourceRefuses(_ text: String) {
        #expect(ResourceURL(text) == nil)
    }

    @Test func resourcesCompareAsWritten() {
        #expect(ResourceURL("https://h") != ResourceURL("https://h/"))
        #expect(ResourceURL("https://h") != ResourceURL("https://H"))
    }

    @Test(arguments: ["", " ", "a b", "a\"", "a\\", "\u{E9}", "a\t", "\u{7F}", String(repeating: "a", count: 129)])
    func scopeRefuses(_ text: String) {
        #expect(Scope(text) == nil)
    }

    @Test func scopesAreASetWithOneWireForm() throws {
        let set = try ScopeSet.parse("write read write Read")
        #expect(set.text == "Read read write")
        #expect(try ScopeSet.parse(set.text) == set)
        #expect(try ScopeSet.parse("").isEmpty)
        #expect(try scopes("read").isSubset(of: set))
        #expect(!set.isSubset(of: try scopes("read write")))
        #expect(try set.intersection(scopes("read x")) == scopes("read"))
        #expect(try set.subtracting(scopes("read x")) == scopes("Read write"))
        #expect(try set.union(scopes("x")) == scopes("Read read write x"))
    }

    @Test(arguments: [" a", "a ", "a  b", "a\tb", "a\nb", "a \u{301}b", "a\u{A0}b", "\"a\""])
    func scopeListRefuses(_ text: String) {
        #expect(throws: NarrowingError.malformedScope) { try ScopeSet.parse(text) }
    }

    @Test func scopeListIsBounded() throws {
        let names = (0..<64).map { "scope\($0)" }
        #expect(try ScopeSet.parse(names.joined(separator: " ")).count == 64)
        #expect(throws: NarrowingError.tooManyScopes) { try ScopeSet.parse((names + ["x"]).joined(separator: " ")) }
        let long = String(repeating: "a ", count: 100_000)
        #expect(throws: NarrowingError.tooManyScopes) { try ScopeSet.parse(long) }
    }

    @Test(arguments: ["", "a b", "\u{E9}", "a\"", "a\\", String(repeating: "t", count: 65)])
    func schemaRefusesAType(_ type: String) throws {
        let member = try #require(DetailMember(name: "m", order: .flag))
        #expect(throws: DetailSchemaError.malformedType) { try DetailSchema(type: type, members: [member]) }
    }

    @Test func schemaSortsAndCountsItsMembers() throws {
        let members = try (0..<33).map { try #require(DetailMember(name: "m\($0)", order: .flag)) }
        #expect(throws: DetailSchemaError.tooManyMembers) { try DetailSchema(type: "t", members: members) }
        #expect(throws: DetailSchemaError.noMembers) { try DetailSchema(type: "t", members: []) }
        #expect(throws: DetailSchemaError.duplicateMember("m1")) {
            try DetailSchema(type: "t", members: [members[1], members[0], members[1]])
        }
        let schema = try DetailSchema(type: "t", members: [members[1], members[0]])
        #expect(schema.members.map(\.name) == ["m0", "m1"])
        #expect(schema.member(named: "m1") == members[1])
        #expect(schema.member(named: "type") == nil)
    }
}
