/// Walks a program for one set of facts; the walk is as deep as the expression, which the parser bounds.
struct CELEvaluator {
    private let program: CELProgram
    private let activation: CELActivation
    private(set) var budget: CELBudget
    /// The elements that the comprehensions around the current node are at.
    private var locals: [CELValue] = []

    init(_ program: CELProgram, _ activation: CELActivation, budget: CELBudget) {
        self.program = program
        self.activation = activation
        self.budget = budget
    }

    /// The value of the whole expression.
    mutating func run() throws(CELEvaluationError) -> CELValue {
        try value(program.root)
    }

    private mutating func value(_ index: CELProgram.Index) throws(CELEvaluationError) -> CELValue {
        do throws(CELEvaluationError) {
            try budget.charge(1)
            return try value(of: program.nodes[index])
        } catch {
            throw error.located(at: program.offsets[index])
        }
    }

    private mutating func value(of node: CELProgram.Node) throws(CELEvaluationError) -> CELValue {
        switch node {
        case .constant(let value): return value
        case .variable(let place): return try variable(place)
        case .local(let place): return locals[place]
        case .variableSlot(let variable, let slot): return try self.slot(slot, of: try self.variable(variable))
        case .slot(let operand, let slot): return try self.slot(slot, of: try value(operand))
        case .member(let operand, let name): return try member(name, of: try value(operand))
        case .hasSlot(let operand, let slot): return .bool(try has(slot, in: try value(operand)))
        case .hasMember(let operand, let name): return .bool(try has(name, in: try value(operand)))
        case .index(let operand, let index): return try element(of: try value(operand), at: try value(index))
        case .not(let operand): return .bool(try !truth(operand))
        case .negate(let operand): return try CELArithmetic.negate(try value(operand))
        case .binary(let sign, let left, let right):
            return try binary(sign, try value(left), try value(right))
        case .logical(let decisive, let operands): return .bool(try logical(settledBy: decisive, operands))
        case .conditional(let condition, let first, let second):
            return try value(try truth(condition) ? first : second)
        case .list(let elements): return .list(try list(elements))
        case .map(let entries): return .map(try map(entries))
        case .unaryCall(let function, let operand): return try call(function, try value(operand))
        case .binaryCall(let function, let left, let right):
            return .bool(try search(function, try value(left), try value(right)))
        case .comprehension(let macro, let range, let local, let condition, let result):
            return try comprehension(macro, range, local, condition, result)
        }
    }

    /// The value of a condition.
    private mutating func truth(_ index: CELProgram.Index) throws(CELEvaluationError) -> Bool {
        guard case .bool(let flag) = try value(index) else {
            throw CELEvaluationError(.noOverload, at: program.offsets[index])
        }
        return flag
    }

    // MARK: Operators

    private mutating func binary(
        _ sign: CELOperator, _ left: CELValue, _ right: CELValue
    ) throws(CELEvaluationError) -> CELValue {
        switch sign {
        case .equal: return .bool(try CELComparison.areEqual(left, right, &budget))
        case .notEqual: return .bool(try !CELComparison.areEqual(left, right, &budget))
        case .less: return .bool(try CELComparison.order(left, right, &budget) == .below)
        case .greater: return .bool(try CELComparison.order(left, right, &budget) == .above)
        case .lessOrEqual:
            let order = try CELComparison.order(left, right, &budget)
            return .bool(order == .below || order == .same)
        case .greaterOrEqual:
            let order = try CELComparison.order(left, right, &budget)
            return .bool(order == .above || order == .same)
        case .isIn: return .bool(try isMember(left, of: right))
        case .add, .subtract, .multiply, .divide, .modulo:
            return try CELArithmetic.apply(sign, left, right, &budget)
        case .and, .or, .not: throw CELEvaluationError(.noOverload)
        }
    }

    /// One operand with the decisive value settles the row, whatever errors the others have.
    private mutating func logical(
        settledBy decisive: Bool, _ operands: Range<Int>
    ) throws(CELEvaluationError) -> Bool {
        var failure: CELEvaluationError?
        for place in operands {
            do throws(CELEvaluationError) {
                if try truth(program.operands[place]) == decisive { return decisive }
            } catch {
                if error.isFinal { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return !decisive
    }

    // MARK: Comprehensions

    private mutating func comprehension(
        _ macro: CELMacro, _ range: CELProgram.Index, _ local: Int, _ condition: CELProgram.Index?,
        _ result: CELProgram.Index?
    ) throws(CELEvaluationError) -> CELValue {
        let elements = try elements(of: try value(range))
        locals.append(.null)
        defer { locals.removeLast() }
        var failure: CELEvaluationError?
        var matches = 0
        var collected: [CELValue] = []
        for element in elements {
            try budget.charge(1)
            locals[local] = element
            do throws(CELEvaluationError) {
                let holds = if let condition { try truth(condition) } else { true }
                if macro == .all, !holds { return .bool(false) }
                if macro == .exists, holds { return .bool(true) }
                guard holds else { continue }
                matches += 1
                if macro == .filter { collected.append(element) }
                if let result { collected.append(try value(result)) }
            } catch {
                // Only all and exists may still be settled by a later element.
                guard macro == .all || macro == .exists, !error.isFinal else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        switch macro {
        case .all: return .bool(true)
        case .exists: return .bool(false)
        case .existsOne: return .bool(matches == 1)
        case .filter, .map:
            try budget.make(elements: collected.count)
            return .list(collected)
        }
    }

    /// The elements of a list, or the keys of a map.
    private mutating func elements(of value: CELValue) throws(CELEvaluationError) -> [CELValue] {
        switch value {
        case .list(let elements): return elements
        case .map(let map):
            try budget.charge(map.count / 8)
            return map.entries.map(\.key)
        default: throw CELEvaluationError(.noOverload)
        }
    }

    // MARK: Lists, maps and functions

    private mutating func list(_ elements: Range<Int>) throws(CELEvaluationError) -> [CELValue] {
        try budget.make(elements: elements.count)
        var list: [CELValue] = []
        list.reserveCapacity(elements.count)
        for place in elements { list.append(try value(program.operands[place])) }
        return list
    }

    private mutating func map(_ entries: Range<Int>) throws(CELEvaluationError) -> CELMap {
        var map = CELMap()
        for place in stride(from: entries.lowerBound, to: entries.upperBound, by: 2) {
            let key = try value(program.operands[place])
            let value = try value(program.operands[place + 1])
            try map.insert(value, at: key, &budget)
        }
        return map
    }

    private mutating func search(
        _ function: CELFunction, _ text: CELValue, _ part: CELValue
    ) throws(CELEvaluationError) -> Bool {
        guard case .string(let text) = text, case .string(let part) = part else {
            throw CELEvaluationError(.noOverload)
        }
        return try CELTextSearch.apply(function, text, part, &budget)
    }
}

extension CELEvaluator {
    private mutating func call(
        _ function: CELFunction, _ value: CELValue
    ) throws(CELEvaluationError) -> CELValue {
        if function == .size { return .int(Int64(try size(of: value))) }
        guard function.isTimeAccessor else {
            return try CELConversion.convert(value, with: function, &budget)
        }
        return .int(try CELTimeField.field(function, of: value))
    }

    /// Code points of text, octets of bytes, elements of a list, entries of a map.
    private mutating func size(of value: CELValue) throws(CELEvaluationError) -> Int {
        switch value {
        case .string(let text):
            try budget.charge(bytes: text.utf8.count)
            return text.unicodeScalars.count
        case .bytes(let bytes): return bytes.count
        case .list(let elements): return elements.count
        case .map(let map): return map.count
        default: throw CELEvaluationError(.noOverload)
        }
    }

    // MARK: Fields and elements

    private func variable(_ place: Int) throws(CELEvaluationError) -> CELValue {
        guard let value = activation.value(at: place) else { throw CELEvaluationError(.unboundVariable) }
        return value
    }

    private func slot(_ slot: Int, of value: CELValue) throws(CELEvaluationError) -> CELValue {
        guard case .object(let object) = value else { throw CELEvaluationError(.noOverload) }
        guard let field = object.value(at: slot) else { throw CELEvaluationError(.noSuchField) }
        return field
    }

    private func has(_ slot: Int, in value: CELValue) throws(CELEvaluationError) -> Bool {
        guard case .object(let object) = value else { throw CELEvaluationError(.noOverload) }
        return object.value(at: slot) != nil
    }

    private mutating func member(_ name: String, of value: CELValue) throws(CELEvaluationError) -> CELValue {
        guard case .map(let map) = value else { throw CELEvaluationError(.noOverload) }
        guard let member = try map.value(of: name, &budget) else { throw CELEvaluationError(.noSuchKey) }
        return member
    }

    private mutating func has(_ name: String, in value: CELValue) throws(CELEvaluationError) -> Bool {
        guard case .map(let map) = value else { throw CELEvaluationError(.noOverload) }
        return try map.value(of: name, &budget) != nil
    }

    private mutating func element(
        of value: CELValue, at key: CELValue
    ) throws(CELEvaluationError) -> CELValue {
        switch value {
        case .list(let elements):
            guard let index = try Self.index(key), elements.indices.contains(index) else {
                throw CELEvaluationError(.indexOutOfRange)
            }
            return elements[index]
        case .map(let map):
            guard let found = try map.value(of: key, &budget) else { throw CELEvaluationError(.noSuchKey) }
            return found
        default: throw CELEvaluationError(.noOverload)
        }
    }

    /// A number of any type whose value is whole; nil for one that no list has.
    private static func index(_ key: CELValue) throws(CELEvaluationError) -> Int? {
        switch key {
        case .int(let number): return Int(exactly: number)
        case .uint(let number): return Int(exactly: number)
        case .double(let number):
            // No list is longer than what 32 bits count, and inside of them the conversion cannot trap.
            guard number >= 0, number < 0x1p32 else { return nil }
            let whole = Int(number)
            return Double(whole) == number ? whole : nil
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private mutating func isMember(
        _ value: CELValue, of collection: CELValue
    ) throws(CELEvaluationError) -> Bool {
        switch collection {
        case .list(let elements):
            try budget.charge(elements.count / 8)
            for element in elements where try CELComparison.areEqual(element, value, &budget) { return true }
            return false
        case .map(let map): return try map.value(of: value, &budget) != nil
        default: throw CELEvaluationError(.noOverload)
        }
    }
}
