package import MayflyModel

/// One YAML file as the JSON value that it spells, with the place of every part of it.
///
/// Accepted is the part of YAML that means the same to every reader: one document of mappings, sequences and scalars.
/// Anchors, aliases, merge keys, tags and repeated keys are refused; `YAMLScalar` says how plain scalars are typed.
package struct YAMLDocument: Sendable {
    /// Registry files can be large.
    package static let maximumBytes = 4 * 1024 * 1024
    /// Containers inside containers, the outermost counting one.
    package static let maximumDepth = 32
    /// Keys, scalars and containers together.
    package static let maximumNodes = 100_000
    /// Keys of one mapping; a look-up in `JSONObject` walks all of them.
    package static let maximumMembers = 4096

    /// As given to `parse`; begins every report.
    package let file: String
    /// Null for an empty file.
    package let value: JSONValue
    private let tree: YAMLNode

    /// Reads `bytes`, which must be UTF-8; `file` is only a name for reports.
    package static func parse(_ bytes: [UInt8], file: String) throws(YAMLError) -> YAMLDocument {
        guard bytes.count <= maximumBytes else { throw YAMLError(file: file, mark: nil, problem: .tooLarge) }
        if let line = lineOfDirective(in: bytes) {
            throw YAMLError(file: file, mark: YAMLMark(line: line, column: 1), problem: .directive)
        }
        var builder = YAMLBuilder(events: try YAMLEvents(bytes, file: file), file: file)
        let (value, tree) = try builder.document()
        return YAMLDocument(file: file, value: value, tree: tree)
    }

    /// Reads the file at `path`, whose name in reports is `path`.
    package static func load(_ path: String) throws(YAMLError) -> YAMLDocument {
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(path, maximum: maximumBytes)
        } catch {
            throw YAMLError(file: path, mark: nil, problem: error == .tooLarge ? .tooLarge : .unreadable(error))
        }
        return try parse(bytes, file: path)
    }

    /// The first line that begins with `%`.
    ///
    /// libyaml compares each `%TAG` with all before it, so a file of nothing else would hold it for hours.
    private static func lineOfDirective(in bytes: [UInt8]) -> Int? {
        var line = 1
        var isAtStart = true
        // The last three bytes; libyaml takes U+0085, U+2028 and U+2029 for line breaks and skips a first U+FEFF.
        var window: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            if isAtStart, byte == UInt8(ascii: "%") { return line }
            window = (window << 8 | UInt32(byte)) & 0xFF_FFFF
            if byte == UInt8(ascii: "\n") { line += 1 }
            isAtStart =
                byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || window & 0xFFFF == 0xC285
                || window == 0xE280A8 || window == 0xE280A9 || (window == 0xEFBBBF && index == 2)
        }
        return nil
    }

    /// Where the value at `path` begins, or nil when there is none.
    package func mark(at path: FieldPath) -> YAMLMark? {
        var node = tree
        for step in path.steps {
            guard let child = node.child(step) else { return nil }
            node = child.node
        }
        return node.mark
    }

    /// A reader for the whole file, which must be a mapping.
    package func reader() throws(YAMLError) -> FieldReader {
        do {
            return try FieldReader(value)
        } catch {
            throw located(error)
        }
    }

    /// The error with its place in this file: an unknown member's key, else the value, else what it is missing from.
    package func located(_ error: FieldError) -> YAMLError {
        var node = tree
        var mark = tree.mark
        for (index, step) in error.path.steps.enumerated() {
            guard let child = node.child(step) else { break }
            node = child.node
            mark = node.mark
            if case .unknown = error.problem, index == error.path.steps.count - 1 { mark = child.keyMark ?? mark }
        }
        return YAMLError(file: file, mark: mark, problem: .field(error))
    }
}

/// The places of a value and of all inside it.
struct YAMLNode: Sendable {
    indirect enum Content: Sendable {
        case scalar
        case sequence([YAMLNode])
        case mapping([(name: String, keyMark: YAMLMark, node: YAMLNode)])
    }

    let mark: YAMLMark
    let content: Content

    func child(_ step: FieldPath.Step) -> (keyMark: YAMLMark?, node: YAMLNode)? {
        switch (step, content) {
        case (.element(let index), .sequence(let nodes)):
            return nodes.indices.contains(index) ? (nil, nodes[index]) : nil
        case (.member(let name), .mapping(let members)):
            guard let member = members.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
            return (member.keyMark, member.node)
        default:
            return nil
        }
    }
}
