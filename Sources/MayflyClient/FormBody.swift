/// Writes `application/x-www-form-urlencoded` bodies and query strings (WHATWG URL §5.2).
package struct FormBody: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func add(_ name: String, _ value: String) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
        escape(name)
        bytes.append(UInt8(ascii: "="))
        escape(value)
    }

    /// Adds nothing for nil.
    package mutating func add(_ name: String, _ value: String?) {
        if let value { add(name, value) }
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// A value with everything but unreserved characters escaped (RFC 3986 §2.3).
    package static func escaped(_ text: String) -> String {
        var body = FormBody()
        body.escape(text)
        return body.text
    }

    /// One path segment; a colon stays, as it may in a path (RFC 3986 §3.3).
    package static func segment(_ text: String) -> String {
        text.split(separator: ":", omittingEmptySubsequences: false).map { escaped(String($0)) }.joined(separator: ":")
    }

    private mutating func escape(_ text: String) {
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0x0F)]]
            }
        }
    }
}
