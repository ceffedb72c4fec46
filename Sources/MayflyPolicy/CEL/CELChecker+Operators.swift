extension CELChecker {
    mutating func not(_ operand: CELSyntax.Index, at offset: Int) throws(CELError) -> Part {
        let part = try value(operand)
        guard part.type.mayBeBool else { throw error(.wrongOperand(.not, part.type), at: offset) }
        return add(.not(part.node), .bool, at: offset, over: [part])
    }

    mutating func negate(_ operand: CELSyntax.Index, at offset: Int) throws(CELError) -> Part {
        let part = try value(operand)
        switch part.type {
        case .int, .double, .dyn: return add(.negate(part.node), part.type, at: offset, over: [part])
        default: throw error(.wrongOperand(.subtract, part.type), at: offset)
        }
    }

    mutating func logical(
        _ sign: CELOperator, _ operands: [CELSyntax.Index], at offset: Int
    ) throws(CELError) -> Part {
        var parts: [Part] = []
        for operand in operands { parts.append(try condition(operand)) }
        let range = program.append(operands: parts.map(\.node))
        return add(.logical(settledBy: sign == .or, operands: range), .bool, at: offset, over: parts)
    }

    mutating func conditional(
        _ condition: CELSyntax.Index, _ first: CELSyntax.Index, _ second: CELSyntax.Index, at offset: Int
    ) throws(CELError) -> Part {
        let condition = try self.condition(condition)
        let first = try value(first)
        let second = try value(second)
        guard let type = first.type.joined(second.type) else {
            throw error(.branchesDiffer(first.type, second.type), at: offset)
        }
        var part = add(
            .conditional(condition.node, first.node, second.node), type, at: offset, over: [condition],
            size: max(first.cost.size, second.cost.size))
        part.cost.add(max(first.cost.steps, second.cost.steps))
        return part
    }

    mutating func binary(
        _ sign: CELOperator, _ left: CELSyntax.Index, _ right: CELSyntax.Index, at offset: Int
    ) throws(CELError) -> Part {
        let left = try value(left)
        let right = try value(right)
        guard let type = Self.result(of: sign, left.type, right.type) else {
            throw error(.wrongOperands(sign, [left.type, right.type]), at: offset)
        }
        var part = add(.binary(sign, left.node, right.node), type, at: offset, over: [left, right])
        extend(&part, sign, left, right)
        return part
    }

    /// Adds what the sizes of the operands cost, and sets the size of the result.
    private func extend(_ part: inout Part, _ sign: CELOperator, _ left: Part, _ right: Part) {
        switch sign {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            part.cost.add(min(left.cost.comparison(left.type, limits), right.cost.comparison(right.type, limits)))
        case .isIn:
            let comparison = CELCost.sum(1, left.cost.comparison(left.type, limits))
            part.cost.add(CELCost.lookup(right.cost.elements(right.type, limits), comparison))
        case .add:
            let size = CELCost.sum(left.cost.size, right.cost.size)
            part.cost = CELCost(steps: part.cost.steps, size: size)
            part.cost.add(size / 8)
        case .subtract, .multiply, .divide, .modulo, .and, .or, .not: break
        }
    }

    /// The type of the result, or nil when the operator is not defined for the operands.
    static func result(of sign: CELOperator, _ left: CELType, _ right: CELType) -> CELType? {
        switch sign {
        case .equal, .notEqual: left.isComparable(to: right) ? .bool : nil
        case .less, .lessOrEqual, .greater, .greaterOrEqual: left.isOrdered(with: right) ? .bool : nil
        case .isIn: membership(left, right)
        case .add, .subtract, .multiply, .divide, .modulo: arithmetic(sign, left, right)
        case .and, .or, .not: nil
        }
    }

    private static func membership(_ left: CELType, _ right: CELType) -> CELType? {
        switch right {
        case .dyn: .bool
        case .list(let element): left.isComparable(to: element) ? .bool : nil
        case .map(let key, _): left.isComparable(to: key) ? .bool : nil
        default: nil
        }
    }

    private static func arithmetic(_ sign: CELOperator, _ left: CELType, _ right: CELType) -> CELType? {
        switch (sign, left, right) {
        case (_, .int, .int): .int
        case (_, .uint, .uint): .uint
        case (.modulo, .double, .double): nil
        case (_, .double, .double): .double
        case (.add, .string, .string): .string
        case (.add, .bytes, .bytes): .bytes
        case (.add, .list(let left), .list(let right)): .list(left.joined(right) ?? .dyn)
        case (.add, .timestamp, .duration), (.add, .duration, .timestamp), (.subtract, .timestamp, .duration):
            .timestamp
        case (.add, .duration, .duration), (.subtract, .duration, .duration), (.subtract, .timestamp, .timestamp):
            .duration
        case (_, .dyn, .dyn): .dyn
        case (_, .dyn, let other), (_, let other, .dyn): hasArithmetic(sign, other) ? .dyn : nil
        default: nil
        }
    }

    /// Whether the operator is defined for a value of the type and some other.
    private static func hasArithmetic(_ sign: CELOperator, _ type: CELType) -> Bool {
        switch type {
        case .int, .uint: true
        case .double: sign != .modulo
        case .string, .bytes, .list: sign == .add
        case .timestamp, .duration: sign == .add || sign == .subtract
        case .null, .bool, .map, .object, .dyn: false
        }
    }
}
