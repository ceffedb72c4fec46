import MayflyServer

/// A trace that was read has the sizes of the standard and is read again from its parts.
enum TraceParentCheck {
    static func run(_ bytes: [UInt8]) {
        guard let trace = try? TraceParent.parse(bytes) else { return }
        require(isIdentifier(trace.traceID, length: 32), "a trace id is 32 digits, not all zero")
        require(isIdentifier(trace.parentID, length: 16), "a parent id is 16 digits, not all zero")
        let flags = String(trace.flags, radix: 16)
        let text = "00-\(trace.traceID)-\(trace.parentID)-\(flags.utf8.count == 1 ? "0" : "")\(flags)"
        require(
            text.utf8.dropFirst(2).elementsEqual(bytes[2..<TraceParent.length]), "the parts are those of the header")
        let again = require("a written trace is read again") { try TraceParent.parse(Array(text.utf8)) }
        require(again == trace, "a trace survives being written")
    }

    private static func isIdentifier(_ text: String, length: Int) -> Bool {
        text.utf8.count == length && text.utf8.contains { $0 != 0x30 }
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
