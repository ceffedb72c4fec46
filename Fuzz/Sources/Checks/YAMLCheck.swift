import MayflyConfig
import MayflyModel

/// A file that was read has a place for each of its values, and means the same when it is spelt as JSON.
enum YAMLCheck {
    static func run(_ bytes: [UInt8]) {
        let document: YAMLDocument
        do {
            document = try YAMLDocument.parse(bytes, file: "f")
        } catch {
            if let mark = error.mark { check(mark, count: bytes.count) }
            require(!error.description.isEmpty, "an error says what is wrong")
            return
        }
        var nodes = 0
        checkPlaces(document, document.value, at: .root, depth: 1, nodes: &nodes, count: bytes.count)
        require(nodes <= YAMLDocument.maximumNodes, "values are bounded")

        // JSON is YAML, but for characters that YAML folds or forbids, and for the length of a key.
        let json = JSONWriter.bytes(of: document.value)
        guard json.allSatisfy({ $0 < 0x80 }), keysAreShort(document.value) else { return }
        let again = require("the same value as JSON is read") { try YAMLDocument.parse(json, file: "f") }
        require(again.value == document.value, "one value, in YAML and in JSON")
    }

    private static func checkPlaces(
        _ document: YAMLDocument, _ value: JSONValue, at path: FieldPath, depth: Int, nodes: inout Int, count: Int
    ) {
        nodes += 1
        guard let mark = document.mark(at: path) else { return require(false, "a value has a place") }
        check(mark, count: count)
        switch value {
        case .null, .bool, .integer, .number, .string: break
        case .array(let elements):
            require(depth <= YAMLDocument.maximumDepth, "depth is bounded")
            for (index, element) in elements.enumerated() {
                let place = path.element(index)
                checkPlaces(document, element, at: place, depth: depth + 1, nodes: &nodes, count: count)
            }
        case .object(let object):
            require(depth <= YAMLDocument.maximumDepth, "depth is bounded")
            require(object.count <= YAMLDocument.maximumMembers, "keys are bounded")
            require(Set(object.names.map { Array($0.utf8) }).count == object.count, "keys are unique")
            for member in object.members {
                nodes += 1
                let place = path.member(member.name)
                checkPlaces(document, member.value, at: place, depth: depth + 1, nodes: &nodes, count: count)
            }
        }
    }

    private static func check(_ mark: YAMLMark, count: Int) {
        require((1...count + 1).contains(mark.line), "a place is on a line of the file")
        require((1...count + 1).contains(mark.column), "a place is in a column of the file")
    }

    /// YAML looks for the colon after a key within 1024 characters.
    private static func keysAreShort(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .integer, .number, .string: true
        case .array(let elements): elements.allSatisfy(keysAreShort)
        case .object(let object):
            object.members.allSatisfy { $0.name.utf8.count < 128 && keysAreShort($0.value) }
        }
    }
}
