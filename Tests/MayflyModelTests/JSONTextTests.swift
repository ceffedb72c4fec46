import MayflyModel
import Testing

/// Strings are looked at eight bytes at a time; each byte must count, wherever in the eight it stands.
@Suite struct JSONTextTests {
    @Test func eachByteIsEscapedOrNotWhereverItStands() throws {
        for byte in UInt8.min...0x7F {
            for place in 0..<20 {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
                bytes[place] = byte
                let text = String(decoding: bytes, as: UTF8.self)
                let written = JSONWriter.bytes(of: .string(text))
                let expected = Array("\"".utf8) + bytes.flatMap(Self.escaped) + Array("\"".utf8)
                #expect(written == expected, "byte \(byte) at \(place)")
                #expect(try JSONParser.parse(written) == .string(text), "byte \(byte) at \(place)")
            }
        }
    }

    @Test func eachControlCharacterIsRefusedWhereverItStands() {
        for byte in UInt8.min..<0x20 {
            for place in 0..<20 {
                var bytes = Array("\"aaaaaaaaaaaaaaaaaaaa\"".utf8)
                bytes[place + 1] = byte
                #expect(throws: JSONError.controlCharacter(offset: place + 1)) { try JSONParser.parse(bytes) }
            }
        }
    }

    /// Spaces behind the text: the eight bytes that end it are looked at in one when as many follow.
    @Test(arguments: [0, 8]) func whatIsNotUTF8IsRefusedWhereverItStands(_ spaces: Int) {
        for byte in UInt8(0x80)...0xFF {
            for place in 0..<20 {
                var bytes = Array("\"aaaaaaaaaaaaaaaaaaaa\"".utf8) + [UInt8](repeating: 0x20, count: spaces)
                bytes[place + 1] = byte
                #expect(throws: JSONError.invalidUTF8) { try JSONParser.parse(bytes) }
            }
        }
    }

    @Test func textsOfEveryLengthAreReadUpToTheirEnd() throws {
        for length in 0..<40 {
            for text in [String(repeating: "a", count: length), String(repeating: "é", count: length)] {
                for byte in ["", "\"", "\\", "\u{7F}", "\u{1F}"] {
                    let value = JSONValue.array([.string(text + byte), .string(text + byte + text), .null])
                    #expect(try JSONParser.parse(JSONWriter.bytes(of: value)) == value)
                }
            }
        }
    }

    @Test func integersAreWrittenAsSwiftWritesThem() {
        for number in [Int64.min, .min + 1, -10, -9, -1, 0, 1, 9, 10, 99, 100, .max - 1, .max] {
            #expect(JSONWriter.bytes(of: .integer(number)) == Array(String(number).utf8))
        }
    }

    @Test(arguments: [0x6D61_7966_6C79, 26] as [UInt64])
    func aNameIsFoundTwiceHoweverItIsSpelt(seed: UInt64) throws {
        print("seed \(seed)")
        var random = InputRandom(seed: seed)
        for _ in 0..<2000 {
            // Few letters and lengths, so that many names agree in length, ends and middle.
            var names: Set<String> = []
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                names.insert(
                    String(
                        (0..<Int.random(in: 0...5, using: &random)).map { _ in
                            "aq1é".randomElement(using: &random) ?? "a"
                        })
                )
            }
            var members = names.map { "\(Self.spelt($0, &random)):1" }
            members.shuffle(using: &random)
            #expect(try JSONParser.parseObject(Self.object(members)).count == names.count)
            guard let twice = names.randomElement(using: &random) else { continue }
            members.insert("\(Self.spelt(twice, &random)):2", at: Int.random(in: 0...members.count, using: &random))
            #expect(throws: JSONError.self) { try JSONParser.parseObject(Self.object(members)) }
        }
    }

    private static func object(_ members: [String]) -> [UInt8] { Array("{\(members.joined(separator: ","))}".utf8) }

    /// A JSON string with some of its characters as escapes.
    private static func spelt(_ name: String, _ random: inout InputRandom) -> String {
        var text = "\""
        for scalar in name.unicodeScalars {
            let digits = String(scalar.value, radix: 16)
            text +=
                Int.random(in: 0..<8, using: &random) == 0
                ? "\\u" + String(repeating: "0", count: 4 - digits.count) + digits : String(scalar)
        }
        return text + "\""
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [UInt8(ascii: "\\"), byte]
        case 0..<0x20, 0x7F:
            let digits = String(byte, radix: 16)
            return Array("\\u00\(digits.count < 2 ? "0" : "")\(digits)".utf8)
        default: return [byte]
        }
    }
}
