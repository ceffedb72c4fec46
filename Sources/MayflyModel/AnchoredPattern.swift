/// A text with wildcards that must match a whole value, from its first byte to its last.
///
/// `*` stands for one byte or more other than `/` and `:`, so that it never reaches past the part of a name in which it
/// stands; `**` stands for one byte or more of any kind. Everything else stands for itself: there is no escape, since a
/// value that holds a star is matched by an exact condition. Compared as bytes, in time that grows with the product of
/// both lengths at most.
package struct AnchoredPattern: Hashable, Sendable {
    package static let maximumLength = 512
    package static let rule =
        "text in which * stands for one byte or more other than / and :, and ** for any; some of it must be literal"

    private enum Piece: Hashable, Sendable {
        case literal(UInt8)
        case segment
        case anything
    }

    package let text: String
    private let pieces: [Piece]

    /// Nil for an empty or too long text, one that is nothing but wildcards, and one with three stars in a row.
    package init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count) else { return nil }
        var pieces: [Piece] = []
        for byte in text.utf8 {
            guard byte == UInt8(ascii: "*") else {
                pieces.append(.literal(byte))
                continue
            }
            switch pieces.last {
            case .segment: pieces[pieces.count - 1] = .anything
            case .anything: return nil
            case .literal, nil: pieces.append(.segment)
            }
        }
        guard pieces.contains(where: { if case .literal = $0 { true } else { false } }) else { return nil }
        self.text = text
        self.pieces = pieces
    }

    /// Whether all of `value` matches.
    package func matches(_ value: String) -> Bool {
        // Two rows of the usual table: the pieces after which what was read so far can end, and what comes next.
        var ends = [Bool](repeating: false, count: pieces.count + 1)
        var next = ends
        ends[0] = true
        for byte in value.utf8 {
            for index in next.indices { next[index] = false }
            var isAlive = false
            for (index, piece) in pieces.enumerated() {
                // A wildcard has taken a byte when it is begun, and may take more once it has.
                let mayBegin = ends[index]
                let mayGoOn = ends[index + 1]
                switch piece {
                case .literal(let literal): if mayBegin, literal == byte { next[index + 1] = true }
                case .segment:
                    let isInside = byte != UInt8(ascii: "/") && byte != UInt8(ascii: ":")
                    if isInside, mayBegin || mayGoOn { next[index + 1] = true }
                case .anything: if mayBegin || mayGoOn { next[index + 1] = true }
                }
                isAlive = isAlive || next[index + 1]
            }
            // Most values part from a pattern within a few bytes.
            guard isAlive else { return false }
            swap(&ends, &next)
        }
        return ends[pieces.count]
    }
}
