/// An expression as it was written: nodes in one array, each after the nodes that it holds.
///
/// An array needs no recursion to be freed, and its last node is the whole expression.
struct CELSyntax {
    /// The place of a node in `nodes`.
    typealias Index = Int

    enum Kind {
        case literal(CELValue)
        case name(String)
        case select(Index, field: String)
        case index(Index, Index)
        /// A function, or a method when it has a receiver; macros too.
        case call(String, receiver: Index?, arguments: [Index])
        case not(Index)
        case negate(Index)
        /// Any operator but `!`, `&&` and `||`.
        case binary(CELOperator, Index, Index)
        /// A row of `&&`, or of `||`.
        case logical(CELOperator, [Index])
        case conditional(Index, Index, Index)
        case list([Index])
        /// Keys and values in turn.
        case map([Index])
    }

    struct Node {
        let kind: Kind
        /// Bytes of the source before what a message points at: the operator, the name, the first character.
        let offset: Int
        /// Levels of expressions below and with this one.
        let depth: Int
    }

    private(set) var nodes: [Node] = []

    mutating func append(_ node: Node) -> Index {
        nodes.append(node)
        return nodes.count - 1
    }
}
