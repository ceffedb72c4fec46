extension CELChecker {
    mutating func constant(_ value: CELValue, at offset: Int) -> Part {
        switch value {
        case .null: add(.constant(value), .null, at: offset)
        case .bool: add(.constant(value), .bool, at: offset)
        case .int: add(.constant(value), .int, at: offset)
        case .uint: add(.constant(value), .uint, at: offset)
        case .double: add(.constant(value), .double, at: offset)
        case .string(let text): add(.constant(value), .string, at: offset, size: text.utf8.count)
        case .bytes(let bytes): add(.constant(value), .bytes, at: offset, size: bytes.count)
        case .timestamp: add(.constant(value), .timestamp, at: offset)
        case .duration: add(.constant(value), .duration, at: offset)
        case .list, .map, .object: add(.constant(value), .dyn, at: offset)
        }
    }

    // MARK: Fields and elements

    mutating func selection(
        _ operand: CELSyntax.Index, _ field: String, at offset: Int
    ) throws(CELError) -> Part {
        let part = try self.part(operand, isSelectedFrom: true)
        switch part.type {
        case .object(let object):
            let slot = try self.slot(of: field, in: object, at: offset)
            let type = object.fields[slot].type
            if case .variable(let variable) = program.nodes[part.node] {
                return add(.variableSlot(variable: variable, slot: slot), type, at: offset, over: [part])
            }
            return add(.slot(part.node, slot), type, at: offset, over: [part])
        case .map, .dyn:
            var selected = add(
                .member(part.node, field), try element(of: part.type, at: offset), at: offset, over: [part])
            selected.cost.add(lookup(of: field, in: part))
            return selected
        default: throw error(.notSelectable(part.type), at: offset)
        }
    }

    /// `has(a.b)`.
    mutating func presence(_ argument: CELSyntax.Index, at offset: Int) throws(CELError) -> Part {
        record(argument)
        let node = syntax.nodes[argument]
        guard case .select(let operand, let field) = node.kind else {
            throw error(.expectedSelection, at: node.offset)
        }
        let part = try self.part(operand, isSelectedFrom: true)
        switch part.type {
        case .object(let object):
            let slot = try self.slot(of: field, in: object, at: node.offset)
            return add(.hasSlot(part.node, slot), .bool, at: offset, over: [part])
        case .map, .dyn:
            _ = try element(of: part.type, at: node.offset)
            var presence = add(.hasMember(part.node, field), .bool, at: offset, over: [part])
            presence.cost.add(lookup(of: field, in: part))
            return presence
        default: throw error(.notSelectable(part.type), at: node.offset)
        }
    }

    private func slot(of field: String, in object: CELObjectType, at offset: Int) throws(CELError) -> Int {
        guard let slot = object.slot(of: field) else {
            throw error(.unknownField(field, allowed: object.fields.map(\.name)), at: offset)
        }
        return slot
    }

    /// The type of what a name selects from a map, whose keys must then be strings.
    private func element(of type: CELType, at offset: Int) throws(CELError) -> CELType {
        guard case .map(let key, let value) = type else { return .dyn }
        guard key == .string || key == .dyn else { throw error(.notSelectable(type), at: offset) }
        return value
    }

    private func lookup(of field: String, in part: Part) -> Int {
        CELCost.lookup(part.cost.elements(part.type, limits), field.utf8.count / CELBudget.bytesPerStep)
    }

    mutating func index(
        _ operand: CELSyntax.Index, _ index: CELSyntax.Index, at offset: Int
    ) throws(CELError) -> Part {
        let part = try value(operand)
        let key = try value(index)
        let type: CELType
        switch part.type {
        case .list(let element):
            guard key.type == .int || key.type == .dyn else {
                throw error(.wrongKey(key.type), at: syntax.nodes[index].offset)
            }
            type = element
        case .map(let keyType, let value):
            guard key.type.isComparable(to: keyType) else {
                throw error(.wrongKey(key.type), at: syntax.nodes[index].offset)
            }
            type = value
        case .dyn: type = .dyn
        default: throw error(.notIndexable(part.type), at: offset)
        }
        var result = add(.index(part.node, key.node), type, at: offset, over: [part, key])
        if case .list = part.type { return result }
        result.cost.add(
            CELCost.lookup(part.cost.elements(part.type, limits), key.cost.comparison(key.type, limits)))
        return result
    }

    // MARK: Lists and maps

    /// A list literal of constants is a constant, made once and not at each evaluation.
    mutating func list(_ elements: [CELSyntax.Index], at offset: Int) throws(CELError) -> Part {
        let parts = try values(elements)
        let type = CELType.list(Self.common(parts.map(\.type)))
        let constants = parts.compactMap(constantValue)
        if constants.count == parts.count {
            return add(.constant(.list(constants)), type, at: offset, size: parts.count)
        }
        let range = program.append(operands: parts.map(\.node))
        var list = add(.list(elements: range), type, at: offset, over: parts, size: parts.count)
        list.cost.add(parts.count / 8)
        return list
    }

    mutating func map(_ entries: [CELSyntax.Index], at offset: Int) throws(CELError) -> Part {
        let parts = try values(entries)
        var keys: [Part] = []
        var others: [Part] = []
        for (place, part) in parts.enumerated() {
            guard place.isMultiple(of: 2) else {
                others.append(part)
                continue
            }
            guard part.type.mayBeKey else {
                throw error(.wrongKey(part.type), at: syntax.nodes[entries[place]].offset)
            }
            keys.append(part)
        }
        let type = CELType.map(Self.common(keys.map(\.type)), Self.common(others.map(\.type)))
        if let map = constantMap(keys, others) {
            return add(.constant(.map(map)), type, at: offset, size: keys.count)
        }
        let range = program.append(operands: parts.map(\.node))
        var map = add(.map(entries: range), type, at: offset, over: parts, size: keys.count)
        for key in keys { map.cost.add(CELCost.lookup(keys.count, key.cost.comparison(key.type, limits))) }
        return map
    }

    /// A map literal of constants, or nil; one with the same key twice is left to fail when it is evaluated.
    private func constantMap(_ keys: [Part], _ values: [Part]) -> CELMap? {
        var map = CELMap()
        var budget = CELBudget.unlimited
        for (key, value) in zip(keys, values) {
            guard let key = constantValue(key), let value = constantValue(value),
                (try? map.insert(value, at: key, &budget)) != nil
            else { return nil }
        }
        return map
    }

    /// The one type of all, or dyn.
    private static func common(_ types: [CELType]) -> CELType {
        guard let first = types.first else { return .dyn }
        var common = first
        for type in types.dropFirst() {
            guard let joined = common.joined(type) else { return .dyn }
            common = joined
        }
        return common
    }
}
