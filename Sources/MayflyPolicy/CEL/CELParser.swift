/// Reads an expression by precedence climbing; every recursion is counted and bounded.
struct CELParser {
    private var lexer: CELLexer
    let limits: CELLimits
    private(set) var token: CELToken
    private var syntax = CELSyntax()
    /// How many expressions the current token is inside of.
    private var nesting = 0

    private init(_ bytes: [UInt8], limits: CELLimits) throws(CELError) {
        self.limits = limits
        lexer = CELLexer(bytes, limits: limits)
        token = try lexer.next()
    }

    /// Reads `source` as one expression with nothing after it.
    static func parse(_ source: [UInt8], limits: CELLimits) throws(CELError) -> CELSyntax {
        guard source.count <= limits.sourceBytes else {
            throw CELError(.sourceTooLong(maximum: limits.sourceBytes), at: limits.sourceBytes, in: source)
        }
        var parser = try CELParser(source, limits: limits)
        _ = try parser.expression()
        guard parser.token.kind == .end else { throw parser.unexpected("an operator or the end of the expression") }
        return parser.syntax
    }

    // MARK: Tokens

    mutating func advance() throws(CELError) {
        token = try lexer.next()
    }

    /// Skips the token when it is `kind`.
    mutating func skip(_ kind: CELToken.Kind) throws(CELError) -> Bool {
        guard token.kind == kind else { return false }
        try advance()
        return true
    }

    mutating func require(_ kind: CELToken.Kind, _ what: String) throws(CELError) {
        guard try skip(kind) else { throw unexpected(what) }
    }

    func error(_ problem: CELProblem, at offset: Int) -> CELError {
        lexer.error(problem, at: offset)
    }

    /// The error for a token that is not `what`.
    func unexpected(_ what: String) -> CELError {
        error(token.kind == .end ? .unexpectedEnd : .expected(what), at: token.offset)
    }

    // MARK: Nodes

    /// Adds a node; the limits hold at each, so that no later step can meet more.
    mutating func node(
        _ kind: CELSyntax.Kind, at offset: Int, over children: [CELSyntax.Index] = []
    ) throws(CELError) -> CELSyntax.Index {
        var depth = 1
        for child in children { depth = max(depth, syntax.nodes[child].depth + 1) }
        guard depth <= limits.depth else { throw error(.tooDeep(maximum: limits.depth), at: offset) }
        guard syntax.nodes.count < limits.nodes else {
            throw error(.tooManyNodes(maximum: limits.nodes), at: offset)
        }
        return syntax.append(CELSyntax.Node(kind: kind, offset: offset, depth: depth))
    }

    // MARK: Operators

    /// A whole expression: a condition, and perhaps the two branches of `?:`.
    mutating func expression() throws(CELError) -> CELSyntax.Index {
        guard nesting < limits.depth else { throw error(.tooDeep(maximum: limits.depth), at: token.offset) }
        nesting += 1
        defer { nesting -= 1 }
        let condition = try binary(minimum: 1)
        let offset = token.offset
        guard try skip(.question) else { return condition }
        let first = try binary(minimum: 1)
        try require(.colon, "the : of ?:")
        let second = try expression()
        return try node(.conditional(condition, first, second), at: offset, over: [condition, first, second])
    }

    /// Operands joined by operators that bind at least as tightly as `minimum`; equally tight ones go left to right.
    private mutating func binary(minimum: Int) throws(CELError) -> CELSyntax.Index {
        var left = try unary()
        while case .sign(let sign) = token.kind, let precedence = sign.precedence, precedence >= minimum {
            if sign == .and || sign == .or {
                left = try logical(sign, precedence, first: left)
                continue
            }
            let offset = token.offset
            try advance()
            let right = try binary(minimum: precedence + 1)
            left = try node(.binary(sign, left, right), at: offset, over: [left, right])
        }
        return left
    }

    /// A whole row of one logical operator is one node: thirty conditions in a row are not thirty levels.
    private mutating func logical(
        _ sign: CELOperator, _ precedence: Int, first: CELSyntax.Index
    ) throws(CELError) -> CELSyntax.Index {
        let offset = token.offset
        var operands = [first]
        while try skip(.sign(sign)) { operands.append(try binary(minimum: precedence + 1)) }
        return try node(.logical(sign, operands), at: offset, over: operands)
    }

    /// Any number of `!`, or of `-`, before an operand.
    private mutating func unary() throws(CELError) -> CELSyntax.Index {
        let offset = token.offset
        let sign = token.kind
        guard sign == .sign(.not) || sign == .sign(.subtract) else { return try member(try primary()) }
        var count = 0
        while token.kind == sign {
            count += 1
            try advance()
        }
        var operand: CELSyntax.Index
        if sign == .sign(.subtract), let literal = try negativeNumber() {
            operand = try member(literal)
            count -= 1
        } else {
            operand = try member(try primary())
        }
        // Past the second, each pair of signs changes neither the value nor whether there is one.
        for _ in 0..<(count > 2 ? 2 - count % 2 : count) {
            operand = try node(sign == .sign(.not) ? .not(operand) : .negate(operand), at: offset, over: [operand])
        }
        return operand
    }
}
