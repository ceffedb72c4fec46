import MayflyModel
import MayflyPolicy
import Testing

/// Values from JSON, equality, and how values are written for people.
@Suite struct CELValueTests {
    @Test(
        arguments: [
            ("null", "null"), ("true", "true"), ("12", "12"), ("-0", "0"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9.223372036854776e+18"), ("1.50", "1.5"), ("1e400", "Infinity"),
            ("-1e400", "-Infinity"),
            (#""a""#, #""a""#), ("[1, [2.0]]", "[1, [2.0]]"),
            (#"{"b": 1, "a": {"c": null}}"#, #"{"b": 1, "a": {"c": null}}"#),
        ])
    func jsonBecomesAValue(_ json: String, _ rendered: String) throws {
        let value = CELValue(try JSONParser.parse(Array(json.utf8)))
        #expect(value.description == rendered)
    }

    @Test func equalityIsThatOfTheLanguage() {
        #expect(CELValue.int(1) == .uint(1))
        #expect(CELValue.int(1) == .double(1))
        #expect(CELValue.double(.nan) != .double(.nan))
        #expect(CELValue.string("\u{E9}") != .string("e\u{301}"))
        #expect(CELValue.string("1") != .int(1))
        #expect(CELValue.list([.int(1)]) == .list([.double(1)]))
        #expect(CELValue.object(CELObject(slots: [nil, .int(1)])) == .object(CELObject(slots: [nil, .uint(1)])))
        #expect(CELValue.object(CELObject(slots: [nil])) != .object(CELObject(slots: [.null])))
        #expect(CELValue.object(CELObject(slots: [])) != .object(CELObject(slots: [nil])))
    }

    @Test(
        arguments: [
            (.string("a\u{1B}[2J\u{202E}\u{7F}\u{1F431}\"\\"), #""a\u001b[2J\u202e\u007f\U0001f431\"\\""#),
            (.bytes([0x41, 0x22, 0x5C, 0x80]), #"b"A\"\\\x80""#),
            (.uint(7), "7u"), (.double(1), "1.0"), (.double(.infinity), "Infinity"),
            (.object(CELObject(slots: [.int(1), nil])), "object(1, _)"),
        ] as [(CELValue, String)])
    func renderingIsVisibleASCII(_ value: CELValue, _ text: String) {
        #expect(value.description == text)
    }

    @Test func renderingIsBounded() {
        let long = CELValue.string(String(repeating: "x", count: 1_000_000))
        var deep = CELValue.list([long, long])
        for _ in 0..<20 { deep = .list([deep, deep, .map(CELMap())]) }
        for value in [
            long, deep, .list(Array(repeating: deep, count: 1000)), .bytes([UInt8](repeating: 0, count: 100_000)),
        ] {
            #expect(value.description.utf8.count <= CELValue.descriptionBytes + 3)
            #expect(value.description.hasSuffix("…"))
            #expect(value.rendered(bytes: 0) == "…")
        }
    }

    @Test func everyProblemHasWordsOfItsOwn() {
        let texts = CELEvaluationError.Problem.allCases.map(\.description)
        #expect(Set(texts).count == texts.count)
    }
}
