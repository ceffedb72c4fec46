/// A checked expression: nodes in one array, each after the nodes that it holds, names already resolved to places.
struct CELProgram: Sendable {
    typealias Index = Int

    enum Node: Sendable {
        case constant(CELValue)
        /// A variable by its place in the environment.
        case variable(Int)
        /// The element of a comprehension, by how many comprehensions are around its own.
        case local(Int)
        /// A slot of an object that is a variable: the most frequent read, in one step.
        case variableSlot(variable: Int, slot: Int)
        case slot(Index, Int)
        case member(Index, String)
        case hasSlot(Index, Int)
        case hasMember(Index, String)
        case index(Index, Index)
        case not(Index)
        case negate(Index)
        case binary(CELOperator, Index, Index)
        /// A row of `&&` (settled by false) or `||` (settled by true).
        case logical(settledBy: Bool, operands: Range<Int>)
        case conditional(Index, Index, Index)
        case list(elements: Range<Int>)
        /// Keys and values in turn.
        case map(entries: Range<Int>)
        case unaryCall(CELFunction, Index)
        case binaryCall(CELFunction, Index, Index)
        /// `map` alone has both a condition, which may be nil, and a result.
        case comprehension(CELMacro, range: Index, local: Int, condition: Index?, result: Index?)
    }

    private(set) var nodes: [Node] = []
    /// For each node, bytes of the source before it.
    private(set) var offsets: [Int] = []
    /// The nodes that lists, maps and rows of logical operators hold.
    private(set) var operands: [Index] = []

    /// The whole expression.
    var root: Index { nodes.count - 1 }

    mutating func append(_ node: Node, at offset: Int) -> Index {
        nodes.append(node)
        offsets.append(offset)
        return nodes.count - 1
    }

    mutating func append(operands more: [Index]) -> Range<Int> {
        operands += more
        return operands.count - more.count..<operands.count
    }
}
