internal import MayflyModel

/// What a broker needs to know to share its store with others.
package struct ClusterConfig: Equatable, Sendable {
    package static let leaseRange: ClosedRange<Int64> = 1...60
    package static let nameRule = "must be 1 to 64 of a-z, 0-9, . and -"

    /// What the operator calls this node; nil when `mayfly serve --node` is to say it.
    package var node: String?
    /// Seconds for which a node answers without having heard from the database.
    package var lease: Int64 = 2

    package init(node: String?) {
        self.node = node
    }

    init(_ reader: inout FieldReader) throws(FieldError) {
        node = try reader.optionalString("node")
        if let node, !Self.isName(node) { throw reader.failure("node", .invalid(rule: Self.nameRule)) }
        lease = try reader.duration("lease", in: Self.leaseRange) ?? lease
        try reader.finish()
    }

    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
