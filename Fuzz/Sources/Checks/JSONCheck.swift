import MayflyModel

/// JSON that was read is written and read again without change, and no bound is passed.
enum JSONCheck {
    static func run(_ bytes: [UInt8]) {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes)
        } catch {
            checkOffset(error, count: bytes.count)
            require((try? JSONParser.parseObject(bytes)) == nil, "parseObject reads no more than parse does")
            return
        }
        checkBounds(value, depth: 1)
        let written = JSONWriter.bytes(of: value)
        let again = require("written JSON is read again") { try JSONParser.parse(written) }
        require(again == value, "JSON survives being written")
        require(JSONWriter.bytes(of: again) == written, "one value is written one way")
        let object = try? JSONParser.parseObject(bytes)
        require(object.map(JSONValue.object) == value.objectValue.map(JSONValue.object), "parseObject agrees")
    }

    private static func checkBounds(_ value: JSONValue, depth: Int) {
        switch value {
        case .null, .bool, .integer, .string: break
        case .number(let literal):
            require(Int64(literal) == nil, "a whole number of 64 bits is an integer")
        case .array(let elements):
            require(depth <= JSONParser.maximumDepth, "depth is bounded")
            require(elements.count <= JSONParser.maximumElements, "elements are bounded")
            for element in elements { checkBounds(element, depth: depth + 1) }
        case .object(let object):
            require(depth <= JSONParser.maximumDepth, "depth is bounded")
            require(object.count <= JSONParser.maximumMembers, "members are bounded")
            require(Set(object.names.map { Array($0.utf8) }).count == object.count, "names are unique")
            for member in object.members { checkBounds(member.value, depth: depth + 1) }
        }
    }

    private static func checkOffset(_ error: JSONError, count: Int) {
        switch error {
        case .unexpectedByte(let offset), .trailingBytes(let offset), .controlCharacter(let offset):
            require((0..<count).contains(offset), "the offset is that of a byte")
        case .loneSurrogate(let offset), .duplicateName(let offset):
            require((1...count).contains(offset), "the offset is in the text")
        case .unexpectedEnd, .invalidUTF8, .tooDeep, .tooManyMembers, .tooManyElements, .notAnObject: break
        }
    }
}
