extension CELLexer {
    /// A number without its sign; the parser joins a minus to it, so that the smallest int can be written.
    mutating func number() throws(CELError) -> CELToken.Kind {
        let start = position
        if peek() == UInt8(ascii: "0"), peek(1) == UInt8(ascii: "x") {
            position += 2
            return try integer(from: start, digitsFrom: position, radix: 16) { CELCharacter.hexDigit($0) != nil }
        }
        skipDigits()
        guard try skipFraction() else {
            position = start
            return try integer(from: start, digitsFrom: start, radix: 10) { CELCharacter.digit($0) != nil }
        }
        try endNumber(from: start)
        // What was skipped is digits, a point and an exponent, which the standard library reads as the language does.
        guard let number = Double(text(from: start)) else { throw error(.invalidNumber, at: start) }
        guard number.isFinite else { throw error(.numberOutOfRange, at: start) }
        return .double(number)
    }

    private mutating func integer(
        from start: Int, digitsFrom first: Int, radix: Int, isDigit: (UInt8) -> Bool
    ) throws(CELError) -> CELToken.Kind {
        while let byte = peek(), isDigit(byte) { position += 1 }
        guard position > first else { throw error(.invalidNumber, at: start) }
        // Digits only, so nil means that there are too many.
        let number = UInt64(text(from: first), radix: radix)
        let isUnsigned = peek() == UInt8(ascii: "u") || peek() == UInt8(ascii: "U")
        if isUnsigned { position += 1 }
        try endNumber(from: start)
        guard let number else { throw error(.numberOutOfRange, at: start) }
        return isUnsigned ? .uint(number) : .int(number)
    }

    private func text(from start: Int) -> String {
        String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func skipDigits() {
        while let byte = peek(), CELCharacter.digit(byte) != nil { position += 1 }
    }

    /// Skips a point with digits after it and an exponent; false when there is neither.
    private mutating func skipFraction() throws(CELError) -> Bool {
        var isDouble = false
        if peek() == UInt8(ascii: "."), peek(1).flatMap(CELCharacter.digit) != nil {
            isDouble = true
            position += 1
            skipDigits()
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            let hasSign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
            let first = hasSign ? 2 : 1
            guard peek(first).flatMap(CELCharacter.digit) != nil else {
                throw error(.invalidNumber, at: position)
            }
            isDouble = true
            position += first
            skipDigits()
        }
        return isDouble
    }

    /// A letter right after a number belongs to neither.
    private func endNumber(from start: Int) throws(CELError) {
        if let byte = peek(), CELCharacter.continuesName(byte) { throw error(.invalidNumber, at: start) }
    }
}
