import MayflyServer
import Testing

@Suite struct HeaderValueTests {
    private static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let valid = "00-\(traceID)-00f067aa0ba902b7-01"

    @Test(arguments: [valid, "01-\(traceID)-00f067aa0ba902b7-01", "cc-\(traceID)-00f067aa0ba902b7-01-what"])
    func readsATraceParent(_ text: String) throws {
        let parent = try TraceParent.parse(Array(text.utf8))
        #expect(parent.traceID == Self.traceID)
        #expect(parent.parentID == "00f067aa0ba902b7")
        #expect(parent.isSampled)
    }

    @Test(arguments: [
        "", "00", String(valid.dropLast()), valid + "-", valid + "-x", valid + "0", "ff" + valid.dropFirst(2),
        "cc" + valid.dropFirst(2) + ".x", valid.uppercased(), valid.replacing("-", with: "_"),
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\(traceID)-0000000000000000-01",
        "0x" + valid.dropFirst(2), "00-\(traceID)-00f067aa0ba902b7-0g", " " + valid,
    ])
    func refusesABrokenTraceParent(_ text: String) {
        #expect(throws: HTTPSyntaxError.invalidTraceParent) { try TraceParent.parse(Array(text.utf8)) }
    }

    @Test func doesNotTakeUnknownFlagsForSampled() throws {
        #expect(try !TraceParent.parse(Array((Self.valid.dropLast(2) + "fe").utf8)).isSampled)
    }

    @Test(arguments: [
        ("*", true), ("\"a\"", true), ("\"b\", \"a\"", true), (" , \"a\" ,, ", true), ("\"a\",\"b\"", true),
        ("\"b\"", false), ("W/\"a\"", false), ("\"A\"", false), ("\"\"", false), ("\"b,c\"", false),
    ])
    func matchesIfMatchStrongly(_ text: String, _ expected: Bool) throws {
        let current = try #require(EntityTag(strong: "a"))
        let condition = try IfMatch.parse(Array(text.utf8))
        #expect(condition.matches(current) == expected)
        #expect(!condition.matches(nil))
    }

    @Test(arguments: [
        "", ",", "a", "\"a", "a\"", "\"a\" \"b\"", "\"a\"\"b\"", "w/\"a\"", "W/a", "*, \"a\"", "\"a b\"", "\"é\"", "**",
    ])
    func refusesABrokenIfMatch(_ text: String) {
        #expect(throws: HTTPSyntaxError.invalidEntityTag) { try IfMatch.parse(Array(text.utf8)) }
    }

    @Test func boundsIfMatch() throws {
        let list = { (count: Int) in Array(repeating: "\"a\"", count: count).joined(separator: ",").utf8 }
        #expect(throws: Never.self) { try IfMatch.parse(Array(list(32))) }
        #expect(throws: HTTPSyntaxError.tooManyEntityTags) { try IfMatch.parse(Array(list(33))) }
        #expect(EntityTag(strong: String(repeating: "a", count: 129)) == nil)
    }

    @Test func neverMatchesAWeakTag() throws {
        let weak = try EntityTag.parse(Array("W/\"a\"".utf8))
        #expect(!weak.stronglyEquals(weak))
        #expect(weak.headerValue == "W/\"a\"")
        #expect(EntityTag(strong: "a\"b") == nil)
    }

    @Test(arguments: [
        ("application/json", "application/json"), (" Text/HTML ; charset=x", "text/html"),
        ("application/scim+json", "application/scim+json"), ("json", nil), ("a/b/c", nil), ("/", nil), ("a /b", nil),
        ("", nil),
    ])
    func readsAMediaType(_ text: String, _ expected: String?) {
        #expect(MediaType.parse(Array(text.utf8)) == expected)
    }
}
