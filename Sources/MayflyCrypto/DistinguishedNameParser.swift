/// The grammar of RFC 4514 §3; spaces after `,` and `+` and around `=` are passed over, as RFC 2253 §4 asks.
enum DistinguishedNameParser {
    struct Attribute: Equatable {
        enum Value: Equatable {
            case text([UInt8])
            /// A value in BER, written as `#` and hexadecimal digits.
            case der([UInt8])
        }

        /// As OpenSSL spells it.
        let type: String
        let value: Value
    }

    /// The parts in the order of the text, each with one attribute or several; nil for what is not of the grammar.
    static func parse(_ text: [UInt8]) -> [[Attribute]]? {
        var rest = text[...]
        var parts: [[Attribute]] = [[]]
        while true {
            guard let attribute = attribute(&rest) else { return nil }
            parts[parts.count - 1].append(attribute)
            guard let separator = rest.popFirst() else { return parts }
            switch separator {
            case UInt8(ascii: "+"): break
            case UInt8(ascii: ","): parts.append([])
            default: return nil
            }
        }
    }

    private static func attribute(_ rest: inout ArraySlice<UInt8>) -> Attribute? {
        skipSpaces(&rest)
        let name = rest.prefix { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        rest = rest.dropFirst(name.count)
        skipSpaces(&rest)
        guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return nil }
        skipSpaces(&rest)
        let type = spelling(String(decoding: name, as: UTF8.self))
        guard rest.first == UInt8(ascii: "#") else {
            return text(&rest).map { Attribute(type: type, value: .text($0)) }
        }
        rest = rest.dropFirst()
        var bytes: [UInt8] = []
        while let byte = hexPair(&rest) { bytes.append(byte) }
        skipSpaces(&rest)
        return bytes.isEmpty ? nil : Attribute(type: type, value: .der(bytes))
    }

    /// Up to an unescaped `,` or `+`; unescaped spaces at the end belong to nobody.
    private static func text(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var meant = 0
        while let byte = rest.first, byte != UInt8(ascii: ","), byte != UInt8(ascii: "+") {
            rest = rest.dropFirst()
            switch byte {
            case UInt8(ascii: "\\"):
                guard let next = rest.first else { return nil }
                if special.contains(next) {
                    rest = rest.dropFirst()
                    bytes.append(next)
                } else if let pair = hexPair(&rest) {
                    bytes.append(pair)
                } else {
                    return nil
                }
                meant = bytes.count
            case UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"): return nil
            default:
                bytes.append(byte)
                if byte != 0x20 { meant = bytes.count }
            }
        }
        bytes.removeLast(bytes.count - meant)
        guard !bytes.isEmpty, !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else { return nil }
        return bytes
    }

    /// What a backslash may stand before.
    private static let special = Set(" \"#+,;<=>\\".utf8)

    /// RFC 4514 §3 in any case, in OpenSSL's spelling; other names are left to OpenSSL as they are.
    private static func spelling(_ name: String) -> String {
        switch name.lowercased() {
        case "cn", "l", "st", "o", "ou", "c", "dc", "uid": name.uppercased()
        case "street": "street"
        default: name
        }
    }

    private static func hexPair(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        guard let high = rest.first.flatMap(digit), let low = rest.dropFirst().first.flatMap(digit) else { return nil }
        rest = rest.dropFirst(2)
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    private static func skipSpaces(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == 0x20 }
    }
}
