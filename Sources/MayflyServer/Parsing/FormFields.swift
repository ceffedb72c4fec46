/// Decoded name and value pairs of a form or a query, in the order they were sent.
///
/// OAuth's rule is built in: an empty parameter counts as absent and a repeated one is an error (RFC 6749 §3.1, §3.2).
/// The pairs lie in one block of bytes, so reading a form costs two allocations however many it holds.
package struct FormFields: Equatable, Sendable {
    /// One decoded pair.
    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Where one pair lies in the block: the name up to the value, the value up to the end.
    private struct Pair: Equatable, Sendable {
        let start: Int
        let value: Int
        let end: Int
    }

    /// Decoded UTF-8, checked.
    private var block: [UInt8]
    private var pairs: [Pair]

    package init() {
        block = []
        pairs = []
    }

    init(reserving bytes: Int) {
        block = []
        block.reserveCapacity(bytes)
        pairs = []
        pairs.reserveCapacity(8)
    }

    package init(_ fields: [Field]) {
        self.init()
        for field in fields {
            append(name: Array(field.name.utf8)[...], value: Array(field.value.utf8)[...])
        }
    }

    /// Adds a pair that the parser has decoded and checked.
    mutating func append(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        let start = block.count
        block += name
        let middle = block.count
        block += value
        pairs.append(Pair(start: start, value: middle, end: block.count))
    }

    /// Every pair, empty and repeated ones included.
    package var fields: [Field] {
        pairs.map { Field(name: text($0.start..<$0.value), value: text($0.value..<$0.end)) }
    }

    package var isEmpty: Bool { pairs.isEmpty }

    /// The bytes of a parameter that may be sent once; nil when absent or empty, `repeatedField` when sent twice.
    package func bytes(_ name: String) throws(HTTPSyntaxError) -> ArraySlice<UInt8>? {
        var found: Pair?
        for pair in pairs where isNamed(pair, name) {
            guard found == nil else { throw .repeatedField }
            found = pair
        }
        guard let found, found.value < found.end else { return nil }
        return block[found.value..<found.end]
    }

    /// The value of a parameter that may be sent once; nil when absent or empty, `repeatedField` when sent twice.
    package func value(_ name: String) throws(HTTPSyntaxError) -> String? {
        try bytes(name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The values of a parameter that may repeat, such as `resource` (RFC 8707 §2); empty ones are left out.
    package func values(_ name: String) -> [String] {
        pairs.filter { $0.value < $0.end && isNamed($0, name) }.map { text($0.value..<$0.end) }
    }

    /// Whether the parameter was sent at all, even empty.
    package func contains(_ name: String) -> Bool {
        pairs.contains { isNamed($0, name) }
    }

    /// Compares bytes: `String ==` would take canonically equivalent spellings for one name.
    private func isNamed(_ pair: Pair, _ name: String) -> Bool {
        pair.value - pair.start == name.utf8.count && ByteScan.equal(block[pair.start..<pair.value], name)
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: block[range], as: UTF8.self)
    }

    /// Equal when the same pairs were sent in the same order.
    package static func == (left: FormFields, right: FormFields) -> Bool {
        left.pairs == right.pairs && left.block == right.block
    }
}
