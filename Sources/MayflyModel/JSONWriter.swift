/// Writes JSON straight into bytes, members in the order in which they are written.
package struct JSONWriter {
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    package init(reserving capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// The bytes of one value.
    package static func bytes(of value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(value)
        return writer.bytes
    }

    package mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    package mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    package mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    package mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes the name of a member that our own code names, in plain ASCII; its value comes next.
    package mutating func name(_ name: StaticString) {
        name.withUTF8Buffer { utf8 in
            assert(JSONText.isPlain(UnsafeRawBufferPointer(utf8)), "a name in our own code needs no escape")
            plain(utf8, isName: true)
        }
    }

    /// Writes a name that comes from elsewhere; its value comes next.
    package mutating func name(of member: String) {
        quoted(member, isName: true)
    }

    package mutating func string(_ text: String) {
        quoted(text, isName: false)
    }

    package mutating func integer(_ number: Int64) {
        separate()
        decimal(number)
        needsComma = true
    }

    package mutating func bool(_ flag: Bool) {
        separate()
        bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
        needsComma = true
    }

    package mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
        needsComma = true
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let number): integer(number)
        case .number(let literal):
            separate()
            bytes.append(contentsOf: literal.utf8)
            needsComma = true
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                name(of: member.name)
                self.value(member.value)
            }
            endObject()
        }
    }

    /// The digits, without a text in between.
    private mutating func decimal(_ number: Int64) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        // From the right, since a division by ten costs less than one by a number that only running code knows.
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = digits.count
        var rest = number.magnitude
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        for place in start..<digits.count { bytes.append(digits[place]) }
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func quoted(_ text: String, isName: Bool) {
        let isPlain = text.utf8.withContiguousStorageIfAvailable { utf8 in
            // Nearly every text goes out as it is: one look at each byte, and one copy.
            guard JSONText.isPlain(UnsafeRawBufferPointer(utf8)) else { return false }
            plain(utf8, isName: isName)
            return true
        }
        if isPlain == true { return }
        separate()
        bytes.append(UInt8(ascii: "\""))
        escape(text)
        bytes.append(UInt8(ascii: "\""))
        if isName { bytes.append(UInt8(ascii: ":")) }
        needsComma = !isName
    }

    /// Writes what needs no escape, with all that stands around it, at once.
    private mutating func plain(_ utf8: UnsafeBufferPointer<UInt8>, isName: Bool) {
        let needsComma = needsComma
        bytes.append(addingCapacity: utf8.count + 4) { (output: inout OutputSpan<UInt8>) in
            if needsComma { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "\""))
            output.withUnsafeMutableBufferPointer { buffer, count in
                _ = buffer[count...].initialize(fromContentsOf: utf8)
                count += utf8.count
            }
            output.append(UInt8(ascii: "\""))
            if isName { output.append(UInt8(ascii: ":")) }
        }
        self.needsComma = !isName
    }

    private mutating func escape(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 0x0F))
            default:
                bytes.append(byte)
            }
        }
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
