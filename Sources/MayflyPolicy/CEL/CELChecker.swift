/// Checks an expression against an environment and turns it into a program, in one walk over its nodes.
///
/// The walk recurses, but never deeper than the parser let the expression be.
struct CELChecker {
    /// A part of the expression that was checked.
    struct Part {
        let node: CELProgram.Index
        let type: CELType
        var cost: CELCost
    }

    /// The element of a comprehension whose condition is being checked.
    struct Local {
        let name: String
        let type: CELType
    }

    let syntax: CELSyntax
    let environment: CELEnvironment
    let limits: CELLimits
    let source: [UInt8]
    var program = CELProgram()
    var locals: [Local] = []
    private(set) var references: [CELReference] = []

    init(_ syntax: CELSyntax, source: [UInt8], environment: CELEnvironment, limits: CELLimits) {
        self.syntax = syntax
        self.source = source
        self.environment = environment
        self.limits = limits
    }

    func error(_ problem: CELProblem, at offset: Int) -> CELError {
        CELError(problem, at: offset, in: source)
    }

    /// Checks a part that must be a value: anything but a whole object.
    mutating func value(_ index: CELSyntax.Index) throws(CELError) -> Part {
        let part = try self.part(index)
        if case .object(let object) = part.type {
            throw error(.objectAsValue(object.name), at: syntax.nodes[index].offset)
        }
        return part
    }

    mutating func values(_ indices: [CELSyntax.Index]) throws(CELError) -> [Part] {
        var parts: [Part] = []
        for index in indices { parts.append(try value(index)) }
        return parts
    }

    /// Checks a part that must be a condition.
    mutating func condition(_ index: CELSyntax.Index) throws(CELError) -> Part {
        let part = try value(index)
        guard part.type.mayBeBool else { throw error(.notBoolean(part.type), at: syntax.nodes[index].offset) }
        return part
    }

    /// Checks a part; one that something is selected from has its reference noted with the whole selection.
    mutating func part(_ index: CELSyntax.Index, isSelectedFrom: Bool = false) throws(CELError) -> Part {
        if !isSelectedFrom { record(index) }
        let offset = syntax.nodes[index].offset
        switch syntax.nodes[index].kind {
        case .literal(let value): return constant(value, at: offset)
        case .name(let name): return try variable(name, at: offset)
        case .select(let operand, let field): return try selection(operand, field, at: offset)
        case .index(let operand, let index): return try self.index(operand, index, at: offset)
        case .call(let name, let receiver, let arguments):
            return try call(name, receiver, arguments, at: offset)
        case .not(let operand): return try not(operand, at: offset)
        case .negate(let operand): return try negate(operand, at: offset)
        case .binary(let sign, let left, let right): return try binary(sign, left, right, at: offset)
        case .logical(let sign, let operands): return try logical(sign, operands, at: offset)
        case .conditional(let condition, let first, let second):
            return try conditional(condition, first, second, at: offset)
        case .list(let elements): return try list(elements, at: offset)
        case .map(let entries): return try map(entries, at: offset)
        }
    }

    /// Adds a node whose value is of the type; its cost is one step and that of its parts.
    mutating func add(
        _ node: CELProgram.Node, _ type: CELType, at offset: Int, over parts: [Part] = [], size: Int? = nil
    ) -> Part {
        var cost = CELCost(type, limits)
        if let size { cost = CELCost(steps: cost.steps, size: size) }
        for part in parts { cost.add(part.cost) }
        return Part(node: program.append(node, at: offset), type: type, cost: cost)
    }

    func constantValue(_ part: Part) -> CELValue? {
        if case .constant(let value) = program.nodes[part.node] { value } else { nil }
    }

    // MARK: Names

    private mutating func variable(_ name: String, at offset: Int) throws(CELError) -> Part {
        if let place = locals.lastIndex(where: { $0.name == name }) {
            return add(.local(place), locals[place].type, at: offset)
        }
        guard let place = environment.index(of: name) else { throw error(.unknownVariable(name), at: offset) }
        return add(.variable(place), environment.variables[place].type, at: offset)
    }

    /// Notes what a name or a row of selections reads, when it begins with a variable.
    mutating func record(_ index: CELSyntax.Index) {
        var fields: [String] = []
        var current = index
        while case .select(let operand, let field) = syntax.nodes[current].kind {
            fields.append(field)
            current = operand
        }
        guard case .name(let name) = syntax.nodes[current].kind,
            !locals.contains(where: { $0.name == name })
        else { return }
        let reference = CELReference(variable: name, fields: fields.reversed())
        if !references.contains(reference) { references.append(reference) }
    }
}
