import MayflyModel
import Testing

@Suite struct JSONParserTests {
    static let accepted: [(String, JSONValue)] = [
        ("null", .null), ("true", .bool(true)), (" \t\r\n false ", .bool(false)), ("[]", .array([])),
        ("{}", .object([:])), ("[ ]", .array([])), ("{ }", .object([:])), ("0", .integer(0)), ("-0", .integer(0)),
        ("-1", .integer(-1)), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number("9223372036854775808")), ("1.50", .number("1.50")), ("1e400", .number("1e400")),
        ("0.1E-2", .number("0.1E-2")), ("1E+2", .number("1E+2")), ("-0.0", .number("-0.0")), ("0e0", .number("0e0")),
        (#""""#, .string("")), (#""a/\/b""#, .string("a//b")), (#""\"\\\b\f\n\r\t""#, .string("\"\\\u{8}\u{C}\n\r\t")),
        (#""\u0041\u00e9\u20AC""#, .string("Aé€")), (#""\ud83d\uDE00""#, .string("😀")), (#""\u0000""#, .string("\0")),
        ("\"\u{7F}\u{2028}\u{FFFF}\"", .string("\u{7F}\u{2028}\u{FFFF}")), (#""é😀""#, .string("é😀")),
        (#"[1,[2],{"a":null}]"#, .array([.integer(1), .array([.integer(2)]), .object(["a": .null])])),
        (#"{"":0,"a":{"a":1}}"#, .object(["": .integer(0), "a": .object(["a": .integer(1)])])),
        // Two names that Unicode calls equivalent are two names.
        ("{\"\u{E9}\":1,\"e\u{301}\":2}", .object(["\u{E9}": .integer(1), "e\u{301}": .integer(2)])),
    ]

    @Test(arguments: accepted)
    func acceptsRFC8259(text: String, value: JSONValue) throws {
        #expect(try JSONParser.parse(Array(text.utf8)) == value)
    }

    static let refused: [(String, JSONError)] = [
        ("", .unexpectedEnd), (" ", .unexpectedEnd), ("[", .unexpectedEnd), ("{", .unexpectedEnd),
        ("\"", .unexpectedEnd), ("\"\\", .unexpectedEnd), (#""\u00"#, .unexpectedEnd), ("tru", .unexpectedEnd),
        ("-", .unexpectedEnd), ("1.", .unexpectedEnd), ("1e", .unexpectedEnd), ("1e+", .unexpectedEnd),
        ("[1", .unexpectedEnd), ("[1,", .unexpectedEnd), (#"{"a""#, .unexpectedEnd), (#"{"a":"#, .unexpectedEnd),
        (#"{"a":1"#, .unexpectedEnd), (#"{"a":1,"#, .unexpectedEnd), ("[1,]", .unexpectedByte(offset: 3)),
        ("[,1]", .unexpectedByte(offset: 1)), ("[1 2]", .unexpectedByte(offset: 3)),
        ("[1}", .unexpectedByte(offset: 2)), (#"{"a":1,}"#, .unexpectedByte(offset: 7)),
        (#"{a:1}"#, .unexpectedByte(offset: 1)), (#"{'a':1}"#, .unexpectedByte(offset: 1)),
        (#"{"a" 1}"#, .unexpectedByte(offset: 5)), (#"{1:1}"#, .unexpectedByte(offset: 1)),
        ("True", .unexpectedByte(offset: 0)), ("nul1", .unexpectedByte(offset: 3)),
        ("NaN", .unexpectedByte(offset: 0)), ("Infinity", .unexpectedByte(offset: 0)),
        ("-Infinity", .unexpectedByte(offset: 1)), ("+1", .unexpectedByte(offset: 0)),
        (".5", .unexpectedByte(offset: 0)), ("-.5", .unexpectedByte(offset: 1)), ("1.e1", .unexpectedByte(offset: 2)),
        ("01", .trailingBytes(offset: 1)), ("-01", .trailingBytes(offset: 2)), ("0x1F", .trailingBytes(offset: 1)),
        ("1_000", .trailingBytes(offset: 1)), ("1 1", .trailingBytes(offset: 2)), ("{}{}", .trailingBytes(offset: 2)),
        ("[]]", .trailingBytes(offset: 2)), ("true//", .trailingBytes(offset: 4)), ("1\0", .trailingBytes(offset: 1)),
        ("/**/1", .unexpectedByte(offset: 0)), ("\u{FEFF}1", .unexpectedByte(offset: 0)),
        ("\u{A0}1", .unexpectedByte(offset: 0)), ("\u{C}1", .unexpectedByte(offset: 0)),
        ("\"\t\"", .controlCharacter(offset: 1)), ("\"a\n\"", .controlCharacter(offset: 2)),
        ("\"\\n\0\"", .controlCharacter(offset: 3)), (#""\x41""#, .unexpectedByte(offset: 2)),
        (#""\'""#, .unexpectedByte(offset: 2)), (#""\U0041""#, .unexpectedByte(offset: 2)),
        (#""\u00g0""#, .unexpectedByte(offset: 5)), ("\"\\u00\u{FF11}\"", .unexpectedByte(offset: 5)),
        (#""\ud800""#, .loneSurrogate(offset: 7)), (#""\ud800\n""#, .unexpectedByte(offset: 8)),
        (#""\ud800\u0041""#, .loneSurrogate(offset: 13)), (#""\ud800\ud800""#, .loneSurrogate(offset: 13)),
        (#""\udc00""#, .loneSurrogate(offset: 7)), (#"{"a":1,"a":2}"#, .duplicateName(offset: 10)),
        (#"{"a":1,"\u0061":2}"#, .duplicateName(offset: 15)),
    ]

    @Test(arguments: refused)
    func refuses(text: String, error: JSONError) {
        #expect(throws: error) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
        ] as [[UInt8]])
    func refusesStringsThatAreNotUTF8(bytes: [UInt8]) {
        #expect(throws: JSONError.invalidUTF8) { try JSONParser.parse(bytes) }
    }

    @Test func stopsAtEachLimit() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        func wide(_ count: Int) -> [UInt8] { Array("[\((0..<count).map { _ in "0" }.joined(separator: ","))]".utf8) }
        func members(_ count: Int) -> [UInt8] {
            Array("{\((0..<count).map { "\"\($0)\":0" }.joined(separator: ","))}".utf8)
        }
        _ = try JSONParser.parse(nested(JSONParser.maximumDepth))
        _ = try JSONParser.parse(wide(JSONParser.maximumElements))
        _ = try JSONParser.parse(members(JSONParser.maximumMembers))
        #expect(throws: JSONError.tooDeep) { try JSONParser.parse(nested(JSONParser.maximumDepth + 1)) }
        #expect(throws: JSONError.tooDeep) { try JSONParser.parse([UInt8](repeating: 0x5B, count: 1_000_000)) }
        #expect(throws: JSONError.tooManyElements) { try JSONParser.parse(wide(JSONParser.maximumElements + 1)) }
        #expect(throws: JSONError.tooManyMembers) { try JSONParser.parse(members(JSONParser.maximumMembers + 1)) }
    }

    @Test(arguments: ["[]", "1", "\"{}\"", "null"])
    func onlyAnObjectIsAnObject(text: String) {
        #expect(throws: JSONError.notAnObject) { try JSONParser.parseObject(Array(text.utf8)) }
    }

    @Test(arguments: [0x6D61_7966_6C79, 1, 20_261_121] as [UInt64])
    func neverTrapsOnRandomBytes(seed: UInt64) {
        print("seed \(seed)")
        var random = InputRandom(seed: seed)
        let pieces = #"{}[]:,"\/ .-+eE0123456789truefalsenullud83dDE00"#.utf8.map { $0 } + [0, 0x1F, 0x80, 0xC3, 0xFF]
        for round in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                round % 2 == 0
                    ? UInt8.random(in: .min ... .max, using: &random) : pieces.randomElement(using: &random) ?? 0
            }
            guard let value = try? JSONParser.parse(bytes) else { continue }
            #expect((try? JSONParser.parse(JSONWriter.bytes(of: value))) == value, "\(bytes)")
        }
    }

    @Test(
        arguments: [
            (.string("K"), .string("\u{212A}")), (.string("\u{E9}"), .string("e\u{301}")),
            (.integer(1), .number("1.0")),
            (.number("1.0"), .number("1.00")), (.null, .bool(false)),
            (.object(["K": .null]), .object(["\u{212A}": .null])),
        ] as [(JSONValue, JSONValue)])
    func valuesThatAreWrittenDifferentlyDiffer(left: JSONValue, right: JSONValue) {
        #expect(left != right)
        #expect(left == left)
        #expect(right == right)
    }
}
