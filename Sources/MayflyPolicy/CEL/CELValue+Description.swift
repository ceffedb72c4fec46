extension CELValue: CustomStringConvertible {
    /// Bytes of the longest rendering that `description` gives.
    package static let descriptionBytes = 256

    package var description: String { rendered(bytes: Self.descriptionBytes) }

    /// The value as the language would write it, cut with `…` past about so many bytes.
    ///
    /// Only visible ASCII is written as it is, so that a rendering can stand in a log line or on a terminal.
    package func rendered(bytes: Int) -> String {
        var renderer = CELRenderer(bytes: bytes)
        renderer.append(self)
        return renderer.text
    }
}

/// Writes a value until there is no more room, and then nothing more.
private struct CELRenderer {
    private(set) var text = ""
    private let limit: Int
    private var isFull = false

    init(bytes: Int) {
        limit = bytes
    }

    private mutating func write(_ piece: String) {
        guard !isFull else { return }
        guard text.utf8.count + piece.utf8.count <= limit else {
            isFull = true
            text += "…"
            return
        }
        text += piece
    }

    mutating func append(_ value: CELValue) {
        switch value {
        case .null: write("null")
        case .bool(let flag): write(flag ? "true" : "false")
        case .int(let number): write(String(number))
        case .uint(let number): write(String(number) + "u")
        case .double(let number): write(number.isFinite ? number.description : CELConversion.text(of: number))
        case .string(let string):
            write("\"")
            for scalar in string.unicodeScalars {
                if isFull { return }
                write(Self.escaped(scalar))
            }
            write("\"")
        case .bytes(let bytes):
            write("b\"")
            for byte in bytes {
                if isFull { return }
                write(Self.escaped(byte))
            }
            write("\"")
        case .timestamp(let moment): write("timestamp(\"\(moment.text)\")")
        case .duration(let span): write("duration(\"\(span.text)\")")
        case .list(let elements): append(elements)
        case .map(let map): append(map)
        case .object(let object): append(object)
        }
    }

    private mutating func append(_ elements: [CELValue]) {
        write("[")
        for (index, element) in elements.enumerated() {
            if isFull { return }
            if index > 0 { write(", ") }
            append(element)
        }
        write("]")
    }

    private mutating func append(_ map: CELMap) {
        write("{")
        for (index, entry) in map.entries.enumerated() {
            if isFull { return }
            if index > 0 { write(", ") }
            append(entry.key)
            write(": ")
            append(entry.value)
        }
        write("}")
    }

    /// An object has no literal; its slots stand in order, `_` for an absent one.
    private mutating func append(_ object: CELObject) {
        write("object(")
        for (index, slot) in object.slots.enumerated() {
            if isFull { return }
            if index > 0 { write(", ") }
            if let slot { append(slot) } else { write("_") }
        }
        write(")")
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": "\\\(scalar)"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case " "..."~": String(scalar)
        default: scalar.value <= 0xFFFF ? "\\u" + hex(scalar.value, 4) : "\\U" + hex(scalar.value, 8)
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(Unicode.Scalar(byte))
        case 0x20...0x7E: String(Unicode.Scalar(byte))
        default: "\\x" + hex(UInt32(byte), 2)
        }
    }

    private static func hex(_ number: UInt32, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
