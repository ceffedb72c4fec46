/// A place in the source of an expression.
package struct CELPosition: Equatable, Sendable {
    /// Bytes of UTF-8 before the place.
    package let offset: Int
    /// From 1.
    package let line: Int
    /// From 1, in Unicode code points of the line.
    package let column: Int

    init(offset: Int, in source: [UInt8]) {
        var line = 1
        var column = 1
        for byte in source.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                // Not the second or a later byte of a code point.
                column += 1
            }
        }
        (self.offset, self.line, self.column) = (offset, line, column)
    }
}
