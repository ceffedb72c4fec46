import MayflyPolicy
import Testing

/// Literals, precedence and the places that compile errors name.
@Suite struct CELSyntaxTests {
    @Test(
        arguments: [
            ("0xFF", "255"), ("-0x10", "-16"), ("007", "7"), ("1U", "1u"), ("0xFFu", "255u"), (".5", "0.5"),
            ("1.5e3", "1500.0"),
            ("1E-2", "0.01"), ("0e+0", "0.0"), (#""a'b""#, #""a'b""#), (#"'a"b'"#, #""a\"b""#),
            (#"'\a\b\f\n\r\t\v'"#, #""\u0007\u0008\u000c\n\r\t\u000b""#),
            (#"'\\\?\"\'\`'"#, #""\\?\"'`""#), (#"'\x41\X42\u0043\U00000044\105'"#, #""ABCDE""#),
            (#"'\377\xff'"#, #""\u00ff\u00ff""#),
            (#"r'\n'"#, #""\\n""#), (#"R"a\b""#, #""a\\b""#), ("'''a\n'b''c'''", #""a\n'b''c""#),
            ("\"\"\"x\"y\"\"\"", #""x\"y""#),
            (#"b'\377\x00a'"#, #"b"\xff\x00a""#), (#"b"ÿ""#, #"b"\xc3\xbf""#), (#"br'\n'"#, #"b"\\n""#),
            ("B\"\"\"q\"\"\"", #"b"q""#),
            ("''''''", #""""#), ("[1, 2,]", "[1, 2]"), ("{'a': 1,}", #"{"a": 1}"#), ("{}", "{}"), ("[]", "[]"),
            ("1 // a comment", "1"),
            ("// first\n\t1\r\n+ //\n1", "2"), ("'//'", #""//""#), ("'\u{E9}'", #""\u00e9""#),
            ("'\u{1F431}'", #""\U0001f431""#), ("null", "null"),
        ] as [(String, String)])
    func literalsAreRead(_ source: String, _ value: String) throws {
        #expect(try Sample.outcome(source) == value)
    }

    @Test(
        arguments: [
            ("1 + 2 * 3 == 7 && !false || false", "true"), ("1 < 2 == true", "true"), ("2 - 1 - 1", "0"),
            ("8 / 4 / 2", "1"),
            ("true || true && false", "true"), ("(true || true) && false", "false"), ("false ? 1 : false ? 2 : 3", "3"),
            ("-2 * -3", "6"), ("-l[0] + 1", "0"), ("!b == false", "true"), ("1 in [1] == true", "true"),
            ("-2 + 5 % 3", "0"),
        ])
    func operatorsBindAsTheyShould(_ source: String, _ value: String) throws {
        #expect(try Sample.outcome(source) == value)
    }

    /// Each with the offset, line and column of what is to blame.
    @Test(
        arguments: [
            ("", .unexpectedEnd, 0, 1, 1), ("1 +", .unexpectedEnd, 3, 1, 4),
            ("1 +\n  +", .expected("a value"), 6, 2, 3),
            ("'é' + $", .unexpectedCharacter, 7, 1, 7),
            ("1 2", .expected("an operator or the end of the expression"), 2, 1, 3),
            ("(1", .unexpectedEnd, 2, 1, 3), ("(1]", .expected("a closing parenthesis"), 2, 1, 3),
            ("[1 2]", .expected("a comma or a closing bracket"), 3, 1, 4),
            ("{1 2}", .expected("a colon after the key"), 3, 1, 4),
            ("{1: 2 3}", .expected("a comma or a closing brace"), 6, 1, 7), ("l[0", .unexpectedEnd, 3, 1, 4),
            ("b ? 1", .unexpectedEnd, 5, 1, 6),
            ("b ? 1 2", .expected("the : of ?:"), 6, 1, 7), ("size(1", .unexpectedEnd, 6, 1, 7),
            ("m.", .unexpectedEnd, 2, 1, 3), ("m.1", .expected("an operator or the end of the expression"), 1, 1, 2),
            ("m.'a'", .expected("a field or a method"), 2, 1, 3),
            ("a & b", .expected("an operator: &&, || or =="), 2, 1, 3),
            ("i = 1", .expected("an operator: &&, || or =="), 2, 1, 3),
            ("[,]", .expected("a value"), 1, 1, 2), ("b == !-1", .expected("a value"), 6, 1, 7),
            ("'a", .unterminatedText, 0, 1, 1), ("'a\nb'", .lineBreakInText, 2, 1, 3),
            ("1 + '''a\n''", .unterminatedText, 4, 1, 5), (#"'\s'"#, .invalidEscape, 1, 1, 2),
            (#"'\x4'"#, .invalidEscape, 1, 1, 2), (#"'\08'"#, .invalidEscape, 1, 1, 2),
            (#"'\400'"#, .invalidEscape, 1, 1, 2), (#"b'\u0041'"#, .invalidEscape, 2, 1, 3),
            (#"'\ud83d\ude03'"#, .invalidCodePoint, 1, 1, 2), (#"'\U00110000'"#, .invalidCodePoint, 1, 1, 2),
            (#"'\"#, .unterminatedText, 1, 1, 2), ("9223372036854775808", .numberOutOfRange, 0, 1, 1),
            ("-9223372036854775809", .numberOutOfRange, 1, 1, 2),
            ("18446744073709551616u", .numberOutOfRange, 0, 1, 1), ("1e400", .numberOutOfRange, 0, 1, 1),
            ("0x", .invalidNumber, 0, 1, 1), ("1e", .invalidNumber, 1, 1, 2), ("1a", .invalidNumber, 0, 1, 1),
            ("1ul", .invalidNumber, 0, 1, 1), ("1.5u", .invalidNumber, 0, 1, 1),
            ("while", .reservedWord("while"), 0, 1, 1), ("m.in", .reservedWord("in"), 2, 1, 3),
            ("m.true", .reservedWord("true"), 2, 1, 3),
            ("b &&\n\tagnet.risk == 'high'", .unknownVariable("agnet"), 6, 2, 2),
            ("frobnicate(1)", .unknownFunction("frobnicate"), 0, 1, 1),
            ("s.frobnicate()", .unknownMethod("frobnicate"), 2, 1, 3),
            ("agent.rsk", .unknownField("rsk", allowed: ["risk", "roles", "owner"]), 6, 1, 7),
            ("agent.owner.nam", .unknownField("nam", allowed: ["name"]), 12, 1, 13),
        ] as [(String, CELProblem, Int, Int, Int)])
    func textIsRefusedAtItsPlace(
        _ source: String, _ problem: CELProblem, _ offset: Int, _ line: Int, _ column: Int
    ) {
        let error = #expect(throws: CELError.self) { try Sample.compile(source) }
        #expect(error?.problem == problem)
        #expect(error?.position.offset == offset)
        #expect(error?.position.line == line)
        #expect(error?.position.column == column)
    }

    @Test(
        arguments: [
            ("s.matches('a')", .matches), ("matches(s, 'a')", .matches), ("type(s)", .typeFunction),
            ("dyn(s)", .dynFunction),
            ("now.getHours('Europe/Paris')", .timeZones), ("Thing{}", .messages), ("a.Thing{x: 1}", .messages),
            ("m.?one", .optionals), ("m[?'one']", .optionals),
            ("[?d]", .optionals), ("{?'a': d}", .optionals), ("m.`one`", .quotedNames), ("`i`", .quotedNames),
            (".i", .leadingDot),
        ] as [(String, CELLeftOut)])
    func whatIsLeftOutSaysSo(_ source: String, _ feature: CELLeftOut) {
        #expect(Sample.problem(source) == .leftOut(feature))
    }

    @Test func everyLeftOutFeatureSaysWhatToDoInstead() {
        for feature in CELLeftOut.allCases { #expect(feature.description.contains("left out; "), "\(feature)") }
    }

    @Test func anErrorSaysWhereAndWhat() {
        let error = #expect(throws: CELError.self) { try Sample.compile("b &&\n agnet.risk == 'high'") }
        #expect(
            error?.description
                == "line 2, column 2: there is no variable of this name")
    }

    @Test(arguments: ["'secret \u{1B}[2J", "a" + String(repeating: "b", count: 5000), "\u{202E}x", "s == \"\u{7}"])
    func anErrorRepeatsNoInput(_ source: String) {
        let error = #expect(throws: CELError.self) { try Sample.compile(source) }
        let text = error?.description ?? ""
        #expect(text.utf8.count < 200)
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{202E}" })
        #expect(!text.contains("secret"))
    }
}
