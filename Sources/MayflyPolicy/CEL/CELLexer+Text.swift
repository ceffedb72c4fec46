extension CELLexer {
    /// How a text or a sequence of bytes is quoted.
    private struct Quoting {
        var isBytes = false
        var isRaw = false
        var quote: UInt8 = 0
        var isTriple = false
        /// Letters before the first quote.
        var prefix = 0
    }

    /// A quoted text or sequence of bytes, or nil when none begins here.
    mutating func text() throws(CELError) -> CELToken.Kind? {
        guard let quoting = quoting() else { return nil }
        let start = position
        position += quoting.prefix + (quoting.isTriple ? 3 : 1)
        var collected: [UInt8] = []
        while let byte = peek() {
            if closes(quoting, byte) {
                position += quoting.isTriple ? 3 : 1
                guard !quoting.isBytes else { return .bytes(collected) }
                // The source is valid UTF-8 and so is each escape, so this never fails.
                guard let text = String(validating: collected, as: UTF8.self) else {
                    throw error(.invalidCodePoint, at: start)
                }
                return .text(text)
            }
            if !quoting.isTriple, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                throw error(.lineBreakInText, at: position)
            }
            if byte == UInt8(ascii: "\\"), !quoting.isRaw {
                try escape(into: &collected, isBytes: quoting.isBytes)
            } else {
                collected.append(byte)
                position += 1
            }
        }
        throw error(.unterminatedText, at: start)
    }

    private func quoting() -> Quoting? {
        var quoting = Quoting()
        if peek() == UInt8(ascii: "b") || peek() == UInt8(ascii: "B") {
            quoting.isBytes = true
            quoting.prefix = 1
        }
        if peek(quoting.prefix) == UInt8(ascii: "r") || peek(quoting.prefix) == UInt8(ascii: "R") {
            quoting.isRaw = true
            quoting.prefix += 1
        }
        guard let quote = peek(quoting.prefix), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            return nil
        }
        quoting.quote = quote
        quoting.isTriple = peek(quoting.prefix + 1) == quote && peek(quoting.prefix + 2) == quote
        return quoting
    }

    private func closes(_ quoting: Quoting, _ byte: UInt8) -> Bool {
        byte == quoting.quote && (!quoting.isTriple || peek(1) == quoting.quote && peek(2) == quoting.quote)
    }

    // MARK: Escapes

    private mutating func escape(into collected: inout [UInt8], isBytes: Bool) throws(CELError) {
        let start = position
        guard let letter = peek(1) else { throw error(.unterminatedText, at: start) }
        position += 2
        switch letter {
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            collected.append(letter)
        case UInt8(ascii: "a"): collected.append(0x07)
        case UInt8(ascii: "b"): collected.append(0x08)
        case UInt8(ascii: "f"): collected.append(0x0C)
        case UInt8(ascii: "n"): collected.append(0x0A)
        case UInt8(ascii: "r"): collected.append(0x0D)
        case UInt8(ascii: "t"): collected.append(0x09)
        case UInt8(ascii: "v"): collected.append(0x0B)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            try append(digits(2, radix: 16, from: start), to: &collected, isBytes: isBytes, from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            position -= 1
            try append(digits(3, radix: 8, from: start), to: &collected, isBytes: isBytes, from: start)
        // A sequence of bytes has no code points.
        case UInt8(ascii: "u") where !isBytes:
            try append(digits(4, radix: 16, from: start), to: &collected, isBytes: false, from: start)
        case UInt8(ascii: "U") where !isBytes:
            try append(digits(8, radix: 16, from: start), to: &collected, isBytes: false, from: start)
        default: throw error(.invalidEscape, at: start)
        }
    }

    /// Exactly so many digits; eight hexadecimal ones fill 32 bits.
    private mutating func digits(_ count: Int, radix: UInt32, from start: Int) throws(CELError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<count {
            guard let digit = peek().flatMap(CELCharacter.hexDigit), digit < radix else {
                throw error(.invalidEscape, at: start)
            }
            number = number << radix.trailingZeroBitCount | UInt32(digit)
            position += 1
        }
        return number
    }

    /// In bytes the number is one octet, in text a code point.
    private func append(
        _ number: UInt32, to collected: inout [UInt8], isBytes: Bool, from start: Int
    ) throws(CELError) {
        if isBytes {
            collected.append(UInt8(truncatingIfNeeded: number))
            return
        }
        // Nil for halves of surrogate pairs and past U+10FFFF.
        guard let scalar = Unicode.Scalar(number) else { throw error(.invalidCodePoint, at: start) }
        collected.append(contentsOf: Array(String(Character(scalar)).utf8))
    }
}
