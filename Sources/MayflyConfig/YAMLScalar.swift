internal import MayflyModel

/// Types plain scalars by the YAML 1.2 core schema (§10.3.2), as far as JSON can hold them.
///
/// `yes`, `no`, `on`, `off` and dates are text. What the schema, or YAML 1.1, calls a number but JSON cannot spell
/// (`007`, `0x1F`, `0o17`, `+1`, `.5`, `5.`, `.inf`, `.nan`) is refused, because two readers would differ about it.
enum YAMLScalar {
    /// The value of a plain scalar, or nil for one that must be put in quotes or respelled.
    static func value(ofPlain text: String) -> JSONValue? {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        let bytes = Array(text.utf8)
        guard isNumeric(bytes) else { return .string(text) }
        // A number is written into JSON as it stands, so it must be JSON's spelling.
        return try? JSONParser.parse(bytes)
    }

    /// Whether the core schema would make this a number.
    private static func isNumeric(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        if rest.starts(with: "0x".utf8) { return isAll(rest.dropFirst(2), isHexDigit) }
        if rest.starts(with: "0o".utf8) { return isAll(rest.dropFirst(2), isDigit) }
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
        if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(where: { rest.elementsEqual($0.utf8) }) {
            return true
        }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: isDigit)
            rest = rest.dropFirst(fraction.count + 1)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return false }
        guard let exponent = rest.first else { return true }
        guard exponent == UInt8(ascii: "e") || exponent == UInt8(ascii: "E") else { return false }
        rest = rest.dropFirst()
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        return isAll(rest, isDigit)
    }

    private static func isAll(_ bytes: ArraySlice<UInt8>, _ test: (UInt8) -> Bool) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(test)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
