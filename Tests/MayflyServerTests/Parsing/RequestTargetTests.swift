import MayflyServer
import Testing

@Suite struct RequestTargetTests {
    private func parse(_ text: String) throws -> RequestTarget {
        try RequestTarget.parse(Array(text.utf8))
    }

    @Test(arguments: [
        ("/", "/", []), ("/a", "/a", ["a"]), ("/a/", "/a/", ["a", ""]), ("//a", "//a", ["", "a"]),
        ("/a%2Fb/%C3%A9?x", "/a%2Fb/%C3%A9", ["a/b", "é"]), ("/a+b", "/a+b", ["a+b"]), ("/...", "/...", ["..."]),
        ("http://h", "/", []), ("HTTP://h:80/a", "/a", ["a"]), ("https://h?q=1", "/", []), ("/?/a", "/", []),
    ])
    func splitsAPath(_ text: String, _ path: String, _ segments: [String]) throws {
        let target = try parse(text)
        #expect(target.path == path)
        #expect(target.segments == segments)
    }

    @Test(arguments: [
        "", "*", "a", "?a", "http://", "http:///a", "ftp://h/a", "h:443", "/a b", "/a#b", "/.", "/..", "/a/../b",
        "/%2e",
        "/.%2E", "/é", "/a\\b", "/a\"", "/<a>", "/{a}", "/a|b", "/a^b", "/a`", "/\u{1}",
        String(repeating: "/a", count: 33),
    ])
    func refusesWhatIsNotAPath(_ text: String) {
        #expect(throws: HTTPSyntaxError.invalidTarget) { try parse(text) }
    }

    @Test(arguments: [
        ("/%", HTTPSyntaxError.invalidEscape), ("/%g0", .invalidEscape), ("/%00", .forbiddenCharacter),
        ("/%ff", .invalidUTF8), ("/?%ff", .invalidUTF8), ("/?=a", .emptyName),
        ("/" + String(repeating: "a", count: 4096), .targetTooLong),
    ])
    func refusesBrokenEscapesAndSizes(_ text: String, _ error: HTTPSyntaxError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test func readsTheQuery() throws {
        let query = try parse("/a?cursor=x%2Fy&limit=10&empty").query
        #expect(try query.value("cursor") == "x/y")
        #expect(try query.value("limit") == "10")
        #expect(try query.value("empty") == nil)
    }
}
