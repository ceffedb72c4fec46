/// Splits an expression into words, one at a time; never looks back and never goes on after an error.
struct CELLexer {
    let bytes: [UInt8]
    let limits: CELLimits
    var position = 0

    init(_ bytes: [UInt8], limits: CELLimits) {
        (self.bytes, self.limits) = (bytes, limits)
    }

    /// The byte at a distance from the current one, or nil past the end.
    func peek(_ distance: Int = 0) -> UInt8? {
        bytes.indices.contains(position + distance) ? bytes[position + distance] : nil
    }

    func error(_ problem: CELProblem, at offset: Int) -> CELError {
        CELError(problem, at: offset, in: bytes)
    }

    mutating func next() throws(CELError) -> CELToken {
        skipSpaceAndComments()
        let start = position
        guard let byte = peek() else { return CELToken(kind: .end, offset: start) }
        let kind: CELToken.Kind
        if let text = try text() {
            kind = text
        } else if CELCharacter.beginsName(byte) {
            kind = try name()
        } else if beginsNumber(byte) {
            kind = try number()
        } else {
            kind = try sign(byte)
        }
        return CELToken(kind: kind, offset: start)
    }

    /// A digit, or a point with a digit after it.
    private func beginsNumber(_ byte: UInt8) -> Bool {
        CELCharacter.digit(byte) != nil
            || byte == UInt8(ascii: ".") && peek(1).flatMap(CELCharacter.digit) != nil
    }

    private mutating func skipSpaceAndComments() {
        while let byte = peek() {
            if CELCharacter.isWhiteSpace(byte) {
                position += 1
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
                while let byte = peek(), byte != UInt8(ascii: "\n") { position += 1 }
            } else {
                return
            }
        }
    }

    private mutating func name() throws(CELError) -> CELToken.Kind {
        let start = position
        while let byte = peek(), CELCharacter.continuesName(byte) { position += 1 }
        guard position - start <= limits.nameBytes else {
            throw error(.nameTooLong(maximum: limits.nameBytes), at: start)
        }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        return name == "in" ? .sign(.isIn) : .name(name)
    }

    private mutating func sign(_ byte: UInt8) throws(CELError) -> CELToken.Kind {
        let pair: CELToken.Kind? =
            switch (byte, peek(1)) {
            case (UInt8(ascii: "|"), UInt8(ascii: "|")): .sign(.or)
            case (UInt8(ascii: "&"), UInt8(ascii: "&")): .sign(.and)
            case (UInt8(ascii: "="), UInt8(ascii: "=")): .sign(.equal)
            case (UInt8(ascii: "!"), UInt8(ascii: "=")): .sign(.notEqual)
            case (UInt8(ascii: "<"), UInt8(ascii: "=")): .sign(.lessOrEqual)
            case (UInt8(ascii: ">"), UInt8(ascii: "=")): .sign(.greaterOrEqual)
            default: nil
            }
        if let pair {
            position += 2
            return pair
        }
        guard let single = Self.single(byte) else {
            if byte == UInt8(ascii: "`") { throw error(.leftOut(.quotedNames), at: position) }
            if byte == UInt8(ascii: "&") || byte == UInt8(ascii: "|") || byte == UInt8(ascii: "=") {
                throw error(.expected("an operator: &&, || or =="), at: position)
            }
            throw error(.unexpectedCharacter, at: position)
        }
        position += 1
        return single
    }

    private static func single(_ byte: UInt8) -> CELToken.Kind? {
        switch byte {
        case UInt8(ascii: "<"): .sign(.less)
        case UInt8(ascii: ">"): .sign(.greater)
        case UInt8(ascii: "+"): .sign(.add)
        case UInt8(ascii: "-"): .sign(.subtract)
        case UInt8(ascii: "*"): .sign(.multiply)
        case UInt8(ascii: "/"): .sign(.divide)
        case UInt8(ascii: "%"): .sign(.modulo)
        case UInt8(ascii: "!"): .sign(.not)
        case UInt8(ascii: "?"): .question
        case UInt8(ascii: ":"): .colon
        case UInt8(ascii: ","): .comma
        case UInt8(ascii: "."): .dot
        case UInt8(ascii: "("): .openParenthesis
        case UInt8(ascii: ")"): .closeParenthesis
        case UInt8(ascii: "["): .openBracket
        case UInt8(ascii: "]"): .closeBracket
        case UInt8(ascii: "{"): .openBrace
        case UInt8(ascii: "}"): .closeBrace
        default: nil
        }
    }
}
