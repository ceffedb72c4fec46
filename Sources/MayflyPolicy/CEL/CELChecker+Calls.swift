extension CELChecker {
    mutating func call(
        _ name: String, _ receiver: CELSyntax.Index?, _ arguments: [CELSyntax.Index], at offset: Int
    ) throws(CELError) -> Part {
        try refuseLeftOut(name, isMethod: receiver != nil, at: offset)
        if name == "has", receiver == nil {
            guard let argument = arguments.first, arguments.count == 1 else {
                throw error(.wrongArgumentCount(function: name, expected: "one field selection"), at: offset)
            }
            return try presence(argument, at: offset)
        }
        if let receiver, let macro = CELMacro(rawValue: name) {
            return try comprehension(macro, receiver, arguments, at: offset)
        }
        guard let function = CELFunction(rawValue: name) else {
            throw error(receiver == nil ? .unknownFunction(name) : .unknownMethod(name), at: offset)
        }
        switch (function.style, receiver) {
        case (.function, .some): throw error(.unknownMethod(name), at: offset)
        case (.method, nil): throw error(.functionIsMethod(name), at: offset)
        default: break
        }
        return try call(function, (receiver.map { [$0] } ?? []) + arguments, at: offset)
    }

    private func refuseLeftOut(_ name: String, isMethod: Bool, at offset: Int) throws(CELError) {
        switch (name, isMethod) {
        case ("matches", _): throw error(.leftOut(.matches), at: offset)
        case ("type", false): throw error(.leftOut(.typeFunction), at: offset)
        case ("dyn", false): throw error(.leftOut(.dynFunction), at: offset)
        default: break
        }
    }

    private mutating func call(
        _ function: CELFunction, _ operands: [CELSyntax.Index], at offset: Int
    ) throws(CELError) -> Part {
        let parts = try values(operands)
        if function.isTimeAccessor, parts.count == 2 { throw error(.leftOut(.timeZones), at: offset) }
        guard parts.count == function.argumentCount else {
            let isMethod = function.style == .method
            let count = isMethod ? function.argumentCount - 1 : function.argumentCount
            throw error(
                .wrongArgumentCount(
                    function: function.rawValue, expected: count == 0 ? "no argument" : "one argument"), at: offset)
        }
        guard parts.allSatisfy({ function.accepts($0.type) }) else {
            throw error(.wrongArguments(function: function.rawValue, found: parts.map(\.type)), at: offset)
        }
        if parts.count == 2 {
            var part = add(
                .binaryCall(function, parts[0].node, parts[1].node), function.result, at: offset, over: parts)
            let product = CELCost.product(CELCost.sum(parts[0].cost.size, 1), CELCost.sum(parts[1].cost.size, 1))
            part.cost.add(product / CELBudget.bytesPerStep)
            return part
        }
        if let constant = try constantTime(function, parts[0], at: offset) { return constant }
        var part = add(
            .unaryCall(function, parts[0].node), function.result, at: offset, over: parts,
            size: max(parts[0].cost.size, 32))
        // Text is read once, and what is made of it written once.
        part.cost.add(2 * (parts[0].cost.size / CELBudget.bytesPerStep))
        return part
    }

    /// A moment or span written as text is read once, when the expression is; one that cannot be read is refused.
    private mutating func constantTime(
        _ function: CELFunction, _ part: Part, at offset: Int
    ) throws(CELError) -> Part? {
        guard function == .timestamp || function == .duration, case .string? = constantValue(part),
            let argument = constantValue(part)
        else { return nil }
        var budget = CELBudget.unlimited
        guard let value = try? CELConversion.convert(argument, with: function, &budget) else {
            throw error(.invalidLiteral(function: function.rawValue), at: offset)
        }
        return constant(value, at: offset)
    }

    // MARK: Macros

    private mutating func comprehension(
        _ macro: CELMacro, _ receiver: CELSyntax.Index, _ arguments: [CELSyntax.Index], at offset: Int
    ) throws(CELError) -> Part {
        guard arguments.count == 2 || macro == .map && arguments.count == 3 else {
            throw error(
                .wrongArgumentCount(function: macro.rawValue, expected: "a name and an expression"), at: offset)
        }
        let range = try value(receiver)
        let element: CELType
        switch range.type {
        case .list(let type): element = type
        case .map(let key, _): element = key
        case .dyn: element = .dyn
        default: throw error(.notIterable(range.type), at: offset)
        }
        guard case .name(let name) = syntax.nodes[arguments[0]].kind else {
            throw error(.expectedName, at: syntax.nodes[arguments[0]].offset)
        }
        guard locals.count < limits.comprehensionDepth else {
            throw error(.tooManyComprehensions(maximum: limits.comprehensionDepth), at: offset)
        }
        let local = locals.count
        locals.append(Local(name: name, type: element))
        defer { locals.removeLast() }

        let hasCondition = macro != .map || arguments.count == 3
        let condition = hasCondition ? try self.condition(arguments[1]) : nil
        let result = macro == .map ? try value(arguments[arguments.count - 1]) : nil
        let type: CELType =
            switch macro {
            case .all, .exists, .existsOne: .bool
            case .filter: .list(element)
            case .map: .list(result?.type ?? .dyn)
            }
        let count = range.cost.elements(range.type, limits)
        var part = add(
            .comprehension(
                macro, range: range.node, local: local, condition: condition?.node, result: result?.node),
            type, at: offset, over: [range], size: count)
        var each = CELCost(steps: 1, size: 0)
        if let condition { each.add(condition.cost) }
        if let result { each.add(result.cost) }
        part.cost.add(CELCost.product(count, each.steps))
        // The keys of a map are copied before, and what was collected is paid for after.
        part.cost.add(count / 4)
        return part
    }
}
