import MayflyModel
import Testing

/// Patterns of trust conditions: all of a value, and stars that stay where they stand.
@Suite struct AnchoredPatternTests {
    @Test(
        arguments: [
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main", true),
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/:ref:refs/heads/main", false),
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/a:x:ref:refs/heads/main", false),
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/a/b:ref:refs/heads/main", false),
            ("repo:acme/*:ref:refs/heads/main", "xrepo:acme/app:ref:refs/heads/main", false),
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main2", false),
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main\n", false),
            ("repo:acme/*:**", "repo:acme/app:ref:refs/heads/x/y", true),
            ("repo:acme/*:**", "repo:acme/app:", false),
            ("a**b", "ab", false), ("a**b", "axb", true), ("a**b", "a/:b", true), ("a**b", "axbx", false),
            ("a*b*c", "aXbYc", true), ("a*b*c", "abbbc", true), ("a*b*c", "abc", false),
            ("*x", "xx", true), ("*x", "x", false), ("x*", "x", false), ("x*", "xy", true),
            ("plain", "plain", true), ("plain", "Plain", false), ("plain", "", false),
            ("caf\u{E9}*", "cafe\u{301}s", false), (".*", ".x", true), (".*", "xx", false), ("[a]*", "ab", false),
        ])
    func allOfAValueMatchesOrNoneOfIt(_ pattern: String, _ value: String, _ matches: Bool) throws {
        let pattern = try #require(AnchoredPattern(pattern))
        #expect(pattern.matches(value) == matches)
    }

    @Test(arguments: ["", "*", "**", "***", "a***b", String(repeating: "a", count: 513)])
    func whatWouldMatchAnythingIsNoPattern(_ text: String) {
        #expect(AnchoredPattern(text) == nil)
    }

    /// A pattern that would take a backtracking matcher the age of the universe.
    @Test func aLongValueAgainstManyStarsEndsSoon() throws {
        let pattern = try #require(AnchoredPattern(String(repeating: "a*", count: 250) + "b"))
        #expect(!pattern.matches(String(repeating: "a", count: 2048)))
    }
}

@Suite struct SPIFFEIDTests {
    @Test(
        arguments: [
            "spiffe://example.org/a", "spiffe://example.org/ns/Prod/sa/x-1_2.3", "spiffe://a_b-c.1/x",
            "spiffe://example.org/...", "spiffe://1.2.3.4/x",
        ])
    func aWorkloadsNameIsTaken(_ text: String) throws {
        let id = try #require(SPIFFEID(text))
        #expect(id.text == text)
    }

    @Test(
        arguments: [
            "", "spiffe://", "spiffe://example.org", "spiffe://example.org/", "spiffe://example.org/a/",
            "spiffe://example.org//a", "spiffe://example.org/./a", "spiffe://example.org/a/..",
            "SPIFFE://example.org/a",
            "spiffe://Example.org/a", "spiffe://example.org:80/a", "spiffe://u@example.org/a",
            "spiffe://example.org/a?b", "spiffe://example.org/a#b", "spiffe://example.org/a%62", "http://example.org/a",
            "spiffe:///a", "spiffe://example.org/a b", "spiffe://example.org/\u{E9}", "spiffe://example.org/a\u{0}",
            "spiffe://" + String(repeating: "d", count: 256) + "/a",
            "spiffe://example.org/" + String(repeating: "p", count: 2048),
        ])
    func everythingElseIsRefused(_ text: String) {
        #expect(SPIFFEID(text) == nil)
    }
}
