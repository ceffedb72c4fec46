extension CELParser {
    /// A number right after its minus, or nil when there is none.
    ///
    /// 9223372036854775808 is an int only with its minus.
    mutating func negativeNumber() throws(CELError) -> CELSyntax.Index? {
        let offset = token.offset
        let value: CELValue
        switch token.kind {
        case .int(let number):
            guard number <= Int64.min.magnitude else { throw error(.numberOutOfRange, at: offset) }
            value = .int(Int64(truncatingIfNeeded: 0 &- number))
        case .double(let number): value = .double(-number)
        default: return nil
        }
        try advance()
        return try node(.literal(value), at: offset)
    }

    /// What stands by itself: a literal, a name, a call, a list, a map or an expression in parentheses.
    mutating func primary() throws(CELError) -> CELSyntax.Index {
        let offset = token.offset
        switch token.kind {
        case .int(let number):
            guard let number = Int64(exactly: number) else { throw error(.numberOutOfRange, at: offset) }
            return try literal(.int(number))
        case .uint(let number): return try literal(.uint(number))
        case .double(let number): return try literal(.double(number))
        case .text(let text): return try literal(.string(text))
        case .bytes(let bytes): return try literal(.bytes(bytes))
        case .name(let name): return try named(name)
        case .openBracket: return try list()
        case .openBrace: return try map()
        case .openParenthesis:
            try advance()
            let inner = try expression()
            try require(.closeParenthesis, "a closing parenthesis")
            return inner
        case .dot: throw error(.leftOut(.leadingDot), at: offset)
        case .end, .sign, .question, .colon, .comma, .closeParenthesis, .closeBracket, .closeBrace:
            throw unexpected("a value")
        }
    }

    private mutating func literal(_ value: CELValue) throws(CELError) -> CELSyntax.Index {
        let offset = token.offset
        try advance()
        return try node(.literal(value), at: offset)
    }

    private mutating func named(_ name: String) throws(CELError) -> CELSyntax.Index {
        switch name {
        case "true": return try literal(.bool(true))
        case "false": return try literal(.bool(false))
        case "null": return try literal(.null)
        default: break
        }
        let offset = token.offset
        guard !CELToken.reserved.contains(name) else { throw error(.reservedWord(name), at: offset) }
        try advance()
        if token.kind == .openParenthesis {
            let arguments = try arguments()
            return try node(.call(name, receiver: nil, arguments: arguments), at: offset, over: arguments)
        }
        guard token.kind != .openBrace else { throw error(.leftOut(.messages), at: offset) }
        return try node(.name(name), at: offset)
    }

    // MARK: What follows a value

    /// Selections, calls and indices after a value.
    mutating func member(_ start: CELSyntax.Index) throws(CELError) -> CELSyntax.Index {
        var operand = start
        while true {
            let offset = token.offset
            if try skip(.dot) {
                operand = try selection(of: operand)
            } else if try skip(.openBracket) {
                guard token.kind != .question else { throw error(.leftOut(.optionals), at: token.offset) }
                let index = try expression()
                try require(.closeBracket, "a closing bracket")
                operand = try node(.index(operand, index), at: offset, over: [operand, index])
            } else {
                return operand
            }
        }
    }

    private mutating func selection(of operand: CELSyntax.Index) throws(CELError) -> CELSyntax.Index {
        let offset = token.offset
        guard token.kind != .question else { throw error(.leftOut(.optionals), at: offset) }
        if token.kind == .sign(.isIn) { throw error(.reservedWord("in"), at: offset) }
        guard case .name(let name) = token.kind else { throw unexpected("a field or a method") }
        guard !CELToken.keywords.contains(name) else { throw error(.reservedWord(name), at: offset) }
        try advance()
        if token.kind == .openParenthesis {
            let arguments = try arguments()
            return try node(
                .call(name, receiver: operand, arguments: arguments), at: offset, over: [operand] + arguments)
        }
        guard token.kind != .openBrace else { throw error(.leftOut(.messages), at: offset) }
        return try node(.select(operand, field: name), at: offset, over: [operand])
    }

    private mutating func arguments() throws(CELError) -> [CELSyntax.Index] {
        try advance()
        var arguments: [CELSyntax.Index] = []
        if try skip(.closeParenthesis) { return arguments }
        repeat { arguments.append(try expression()) } while try skip(.comma)
        try require(.closeParenthesis, "a comma or a closing parenthesis")
        return arguments
    }

    // MARK: Lists and maps

    private mutating func list() throws(CELError) -> CELSyntax.Index {
        let offset = token.offset
        try advance()
        var elements: [CELSyntax.Index] = []
        while token.kind != .closeBracket {
            guard token.kind != .question else { throw error(.leftOut(.optionals), at: token.offset) }
            try checkRoom(for: elements.count)
            elements.append(try expression())
            guard try skip(.comma) else { break }
        }
        try require(.closeBracket, "a comma or a closing bracket")
        return try node(.list(elements), at: offset, over: elements)
    }

    private mutating func map() throws(CELError) -> CELSyntax.Index {
        let offset = token.offset
        try advance()
        var entries: [CELSyntax.Index] = []
        while token.kind != .closeBrace {
            guard token.kind != .question else { throw error(.leftOut(.optionals), at: token.offset) }
            try checkRoom(for: entries.count / 2)
            entries.append(try expression())
            try require(.colon, "a colon after the key")
            entries.append(try expression())
            guard try skip(.comma) else { break }
        }
        try require(.closeBrace, "a comma or a closing brace")
        return try node(.map(entries), at: offset, over: entries)
    }

    private func checkRoom(for count: Int) throws(CELError) {
        guard count < limits.literalElements else {
            throw error(.tooManyElements(maximum: limits.literalElements), at: token.offset)
        }
    }
}
