import MayflyModel
import Testing

@Suite struct JSONWriterTests {
    @Test func writesMembersInTheirOrder() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("z")
        writer.integer(.min)
        writer.name("a")
        writer.beginArray()
        writer.bool(true)
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.endArray()
        writer.value(.number("1.50"))
        writer.endArray()
        writer.name("s")
        writer.string("x")
        writer.endObject()
        #expect(text(writer.bytes) == #"{"z":-9223372036854775808,"a":[true,null,{},[],1.50],"s":"x"}"#)
    }

    @Test(arguments: [
        ("\"\\", #""\"\\""#), ("/", #""/""#), ("\n\t\0\u{1F}\u{7F}", #""\u000a\u0009\u0000\u001f\u007f""#),
        ("é😀\u{2028}", "\"é😀\u{2028}\""), ("", #""""#),
    ])
    func escapesQuotesAndControlsOnly(value: String, written: String) {
        #expect(text(JSONWriter.bytes(of: .string(value))) == written)
    }

    @Test(arguments: [0x6D61_7966_6C79, 2, 3] as [UInt64])
    func whatIsWrittenReadsBackEqual(seed: UInt64) throws {
        print("seed \(seed)")
        var random = InputRandom(seed: seed)
        for _ in 0..<500 {
            let value = Self.value(depth: 1, &random)
            let bytes = JSONWriter.bytes(of: value)
            #expect(try JSONParser.parse(bytes) == value)
            #expect(JSONWriter.bytes(of: try JSONParser.parse(bytes)) == bytes)
        }
    }

    private static func value(depth: Int, _ random: inout InputRandom) -> JSONValue {
        switch Int.random(in: 0..<(depth > 5 ? 5 : 8), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .integer(.random(in: .min ... .max, using: &random))
        case 3: return .number("-\(UInt32.random(in: 0...9999, using: &random)).50e-7")
        case 4, 5: return .string(string(&random))
        case 6:
            return .array((0..<Int.random(in: 0...6, using: &random)).map { _ in value(depth: depth + 1, &random) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                object[string(&random)] = value(depth: depth + 1, &random)
            }
            return .object(object)
        }
    }

    private static func string(_ random: inout InputRandom) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
            // Surrogates are no scalars; the replacement stands in for them.
            text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) ?? "\u{FFFD}")
        }
        return text
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
