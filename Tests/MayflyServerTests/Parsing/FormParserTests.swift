import MayflyServer
import Testing

@Suite struct FormParserTests {
    private func parse(_ text: String) throws -> FormFields {
        try FormParser.parse(Array(text.utf8))
    }

    @Test(arguments: [
        ("", []),
        ("a=1", ["a:1"]),
        ("a=1&b=2", ["a:1", "b:2"]),
        ("b=2&a=1&b=3", ["b:2", "a:1", "b:3"]),
        ("a", ["a:"]),
        ("a=", ["a:"]),
        ("a=b=c", ["a:b=c"]),
        ("&&a=1&&", ["a:1"]),
        ("a=x+y%20z%2B", ["a:x y z+"]),
        ("%61=%C3%A9", ["a:é"]),
        ("a=é", ["a:é"]),
    ])
    func readsPairsInOrder(_ text: String, _ expected: [String]) throws {
        #expect(try parse(text).fields.map { "\($0.name):\($0.value)" } == expected)
    }

    @Test(arguments: [
        ("a=%", HTTPSyntaxError.invalidEscape), ("a=%4", .invalidEscape), ("a=%4g", .invalidEscape),
        ("%zz=1", .invalidEscape), ("a=%ff", .invalidUTF8), ("a=%c3", .invalidUTF8), ("a=%ed%a0%80", .invalidUTF8),
        ("a=%00", .forbiddenCharacter), ("a=1\n", .forbiddenCharacter), ("a=\u{7F}", .forbiddenCharacter),
        ("=1", .emptyName), ("a=1&=", .emptyName),
        (String(repeating: "n", count: 65) + "=1", .nameTooLong),
        (String(repeating: "a&", count: 65), .tooManyFields), (String(repeating: "&", count: 66), .tooManyFields),
    ])
    func refuses(_ text: String, _ error: HTTPSyntaxError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test func takesTheLargestForm() throws {
        let text = (0..<64).map { String(repeating: "n", count: 62) + "\(10 + $0)=v" }.joined(separator: "&")
        #expect(try parse(text).fields.count == 64)
    }

    @Test func treatsEmptyAsAbsentAndRepeatedAsAnError() throws {
        let form = try parse("scope=&grant=x&resource=a&resource=&resource=b&grant=")
        #expect(try form.value("scope") == nil)
        #expect(form.contains("scope"))
        #expect(try form.value("missing") == nil)
        #expect(throws: HTTPSyntaxError.repeatedField) { try form.value("resource") }
        #expect(throws: HTTPSyntaxError.repeatedField) { try form.value("grant") }
        #expect(form.values("resource") == ["a", "b"])
    }

    @Test func comparesNamesByBytes() throws {
        // U+212A is canonically equivalent to K.
        #expect(try parse("%E2%84%AA=1").value("K") == nil)
    }
}
