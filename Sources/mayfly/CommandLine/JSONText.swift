import MayflyModel

/// JSON for programs, and for people to read.
enum JSONText {
    /// One line.
    static func object(_ object: JSONObject) -> String {
        line(.object(object))
    }

    /// One line.
    static func line(_ value: JSONValue) -> String {
        String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
    }

    /// One member or element a line, each level two columns further in.
    static func indented(_ value: JSONValue, level: Int = 0) -> String {
        let inner = String(repeating: "  ", count: level + 1)
        let outer = String(repeating: "  ", count: level)
        switch value {
        case .object(let object) where !object.isEmpty:
            let lines = object.members.map { member in
                "\(inner)\(line(.string(member.name))): \(indented(member.value, level: level + 1))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { inner + indented($0, level: level + 1) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
        case .null, .bool, .integer, .number, .string, .array, .object:
            return line(value)
        }
    }
}
