/// A strict JSON reader (RFC 8259): one value, duplicate names refused, every size bounded.
///
/// Refusing duplicate names closes the gap between two readers of one signed text (RFC 7515 §4, RFC 7519 §4).
package struct JSONParser {
    /// Containers inside containers, the outermost counting one.
    package static let maximumDepth = 32
    /// Members of one object; keeps the duplicate check, which is quadratic, cheap.
    package static let maximumMembers = 512
    /// Elements of one array.
    package static let maximumElements = 8192

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads `bytes` as one JSON value with nothing but white space around it.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes)
        parser.skipWhiteSpace()
        let value = try parser.value(depth: 1)
        parser.skipWhiteSpace()
        guard parser.position == bytes.count else { throw .trailingBytes(offset: parser.position) }
        return value
    }

    /// Reads `bytes` as one JSON object, the only top-level shape that JOSE and the endpoints accept.
    package static func parseObject(_ bytes: [UInt8]) throws(JSONError) -> JSONObject {
        guard case .object(let object) = try parse(bytes) else { throw .notAnObject }
        return object
    }

    private var current: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipWhiteSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard let byte = current else { throw .unexpectedEnd }
        switch byte {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for expected in word.description.utf8 {
            try expect(expected)
        }
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= Self.maximumDepth else { throw .tooDeep }
        position += 1
        var object = JSONObject()
        skipWhiteSpace()
        if current == UInt8(ascii: "}") {
            position += 1
            return object
        }
        object.reserveCapacity(8)
        var marks: UInt64 = 0
        while true {
            skipWhiteSpace()
            guard current == UInt8(ascii: "\"") else { throw unexpected() }
            let start = position
            let name = try string()
            // Most names differ from all before them in this already, and need not be compared with each.
            let mark = Self.mark(of: bytes[start..<position])
            guard marks & mark == 0 || object.index(of: name, from: 0) == nil else {
                throw .duplicateName(offset: position)
            }
            marks |= mark
            guard object.count < Self.maximumMembers else { throw .tooManyMembers }
            skipWhiteSpace()
            try expect(UInt8(ascii: ":"))
            skipWhiteSpace()
            object.appendUnchecked(name: name, value: try value(depth: depth + 1))
            skipWhiteSpace()
            if current == UInt8(ascii: ",") {
                position += 1
                continue
            }
            try expect(UInt8(ascii: "}"))
            return object
        }
    }

    /// One of 64 bits, equal for equal names: by length and by the bytes at both ends and in the middle.
    ///
    /// Of a name with escapes its spelling is what counts, so it has every bit.
    private static func mark(of quoted: ArraySlice<UInt8>) -> UInt64 {
        guard quoted.count > 2, !quoted.contains(UInt8(ascii: "\\")) else { return .max }
        let (first, last) = (quoted[quoted.startIndex + 1], quoted[quoted.endIndex - 2])
        let middle = quoted[quoted.startIndex + quoted.count / 2]
        return 1 << ((UInt64(first) &+ UInt64(last) &* 7 &+ UInt64(middle) &* 13 &+ UInt64(quoted.count)) & 63)
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= Self.maximumDepth else { throw .tooDeep }
        position += 1
        var elements: [JSONValue] = []
        skipWhiteSpace()
        if current == UInt8(ascii: "]") {
            position += 1
            return elements
        }
        while true {
            skipWhiteSpace()
            guard elements.count < Self.maximumElements else { throw .tooManyElements }
            elements.append(try value(depth: depth + 1))
            skipWhiteSpace()
            if current == UInt8(ascii: ",") {
                position += 1
                continue
            }
            try expect(UInt8(ascii: "]"))
            return elements
        }
    }

    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard current == byte else { throw unexpected() }
        position += 1
    }

    private func unexpected() -> JSONError {
        position < bytes.count ? .unexpectedByte(offset: position) : .unexpectedEnd
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        // The common string has no escape and is taken in one piece.
        let (count, isASCII) = bytes.withUnsafeBytes { all in
            JSONText.plainPrefix(of: UnsafeRawBufferPointer(rebasing: all[start...]))
        }
        position += count
        guard let stop = current else { throw .unexpectedEnd }
        if stop == UInt8(ascii: "\"") {
            let piece = bytes[start..<position]
            // ASCII is valid UTF-8, and needs no look of the slower kind.
            let text = isASCII ? String(decoding: piece, as: UTF8.self) : try text(of: piece)
            position += 1
            return text
        }
        guard stop == UInt8(ascii: "\\") else { throw .controlCharacter(offset: position) }
        var collected = Array(bytes[start..<position])
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(of: collected[...])
            case UInt8(ascii: "\\"): try escape(into: &collected)
            case 0..<0x20: throw .controlCharacter(offset: position - 1)
            default: collected.append(byte)
            }
        }
        throw .unexpectedEnd
    }

    private func text(of utf8: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else { throw .invalidUTF8 }
        return text
    }

    private mutating func escape(into collected: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw .unexpectedEnd }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): collected.append(byte)
        case UInt8(ascii: "b"): collected.append(0x08)
        case UInt8(ascii: "f"): collected.append(0x0C)
        case UInt8(ascii: "n"): collected.append(0x0A)
        case UInt8(ascii: "r"): collected.append(0x0D)
        case UInt8(ascii: "t"): collected.append(0x09)
        case UInt8(ascii: "u"): collected.append(contentsOf: Array(String(try escapedScalar()).utf8))
        default: throw .unexpectedByte(offset: position - 1)
        }
    }

    /// Reads the four digits after `\u`, and the second half of a surrogate pair; a lone half is refused.
    private mutating func escapedScalar() throws(JSONError) -> Character {
        let first = try fourHexDigits()
        var code = UInt32(first)
        if (0xD800..<0xDC00).contains(first) {
            guard current == UInt8(ascii: "\\") else { throw .loneSurrogate(offset: position) }
            position += 1
            try expect(UInt8(ascii: "u"))
            let second = try fourHexDigits()
            guard (0xDC00..<0xE000).contains(second) else { throw .loneSurrogate(offset: position) }
            code = 0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw .loneSurrogate(offset: position) }
        return Character(scalar)
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt16 {
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current else { throw .unexpectedEnd }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw .unexpectedByte(offset: position)
            }
            code = code << 4 | UInt16(digit)
            position += 1
        }
        return code
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        var whole = true
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if current == UInt8(ascii: ".") {
            whole = false
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            whole = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let literal = try text(of: bytes[start..<position])
        if whole, let integer = Int64(literal) { return .integer(integer) }
        return .number(literal)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw unexpected() }
    }
}
