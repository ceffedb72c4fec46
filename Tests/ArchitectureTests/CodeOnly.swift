/// Takes comments and the contents of string literals out of Swift text; interpolated code stays.
struct CodeOnly {
    /// What the reader is inside of.
    private enum Place {
        /// Code at a depth of parentheses; an interpolation ends at depth zero.
        case code(depth: Int)
        case string(quotes: Int, pounds: Int)
        case lineComment
        case blockComment(depth: Int)
    }

    private let bytes: [UInt8]
    private var index = 0
    private var places: [Place] = [.code(depth: 1)]
    private var output: [UInt8] = []

    static func lines(of text: String) -> [String] {
        var reader = CodeOnly(bytes: Array(text.utf8))
        while reader.index < reader.bytes.count { reader.step() }
        return String(decoding: reader.output, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map(String.init)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func step() {
        switch places[places.count - 1] {
        case .code(let depth): code(depth)
        case .string(let quotes, let pounds): string(quotes, pounds)
        case .lineComment:
            if bytes[index] == UInt8(ascii: "\n") { leave() } else { index += 1 }
        case .blockComment(let depth):
            if takes("/*") {
                set(.blockComment(depth: depth + 1))
            } else if takes("*/") {
                depth == 1 ? leave() : set(.blockComment(depth: depth - 1))
            } else {
                keepLineEnd()
            }
        }
    }

    private mutating func code(_ depth: Int) {
        if takes("//") { return places.append(.lineComment) }
        if takes("/*") { return places.append(.blockComment(depth: 1)) }
        let pounds = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
        if bytes.dropFirst(index + pounds).first == UInt8(ascii: "\"") {
            index += pounds
            let quotes = takes("\"\"\"") ? 3 : takes("\"") ? 1 : 0
            output += Array("\"".utf8)
            return places.append(.string(quotes: quotes, pounds: pounds))
        }
        if bytes[index] == UInt8(ascii: "(") { set(.code(depth: depth + 1)) }
        if bytes[index] == UInt8(ascii: ")") {
            if depth == 1, places.count > 1 {
                index += 1
                return leave()
            }
            set(.code(depth: depth - 1))
        }
        output.append(bytes[index])
        index += 1
    }

    private mutating func string(_ quotes: Int, _ pounds: Int) {
        let marks = String(repeating: "#", count: pounds)
        if takes(String(repeating: "\"", count: quotes) + marks) {
            output += Array("\"".utf8)
            return leave()
        }
        if takes("\\" + marks + "(") { return places.append(.code(depth: 1)) }
        if takes("\\" + marks) { index += index < bytes.count ? 1 : 0 } else { keepLineEnd() }
    }

    private mutating func keepLineEnd() {
        if bytes[index] == UInt8(ascii: "\n") { output.append(bytes[index]) }
        index += 1
    }

    private mutating func takes(_ text: String) -> Bool {
        guard bytes[index...].starts(with: text.utf8) else { return false }
        index += text.utf8.count
        return true
    }

    private mutating func set(_ place: Place) { places[places.count - 1] = place }
    private mutating func leave() { places.removeLast() }
}
