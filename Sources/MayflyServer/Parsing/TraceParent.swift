/// A `traceparent` header (W3C Trace Context §3.2).
///
/// It names a trace for correlation and never authorizes anything.
package struct TraceParent: Equatable, Sendable {
    /// Bytes of a version 00 header, and the least of a later one.
    package static let length = 55

    /// The two halves of the trace's number, which is not zero.
    let traceHigh: UInt64
    let traceLow: UInt64
    /// The caller's span, not zero.
    let parent: UInt64
    package let flags: UInt8

    /// 32 lower-case hexadecimal digits, not all zero.
    package var traceID: String { Hexadecimal.text(traceHigh) + Hexadecimal.text(traceLow) }

    /// 16 lower-case hexadecimal digits, not all zero.
    package var parentID: String { Hexadecimal.text(parent) }

    /// Bit 0 of the flags: the caller may have recorded the trace.
    package var isSampled: Bool { flags & 1 == 1 }

    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> TraceParent {
        try parse(bytes[...])
    }

    /// Reads a header value.
    ///
    /// A later version is read by its first 55 bytes when nothing or a dash follows them; callers treat any error as an
    /// absent header and begin a new trace.
    static func parse(_ bytes: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> TraceParent {
        guard bytes.count >= length, bytes.count <= 256 else { throw .invalidTraceParent }
        let start = bytes.startIndex
        func part(_ range: Range<Int>) -> ArraySlice<UInt8> {
            bytes[(start + range.lowerBound)..<(start + range.upperBound)]
        }
        for place in [2, 35, 52] where bytes[start + place] != dash { throw .invalidTraceParent }
        guard let version = Hexadecimal.number(part(0..<2)), version != 0xFF else { throw .invalidTraceParent }
        if bytes.count > length {
            guard version != 0, bytes[start + length] == dash else { throw .invalidTraceParent }
        }
        guard let high = Hexadecimal.number(part(3..<19)), let low = Hexadecimal.number(part(19..<35)),
            let parent = Hexadecimal.number(part(36..<52)), let flags = Hexadecimal.number(part(53..<55)),
            high | low != 0, parent != 0
        else { throw .invalidTraceParent }
        return TraceParent(
            traceHigh: high, traceLow: low, parent: parent, flags: UInt8(truncatingIfNeeded: flags))
    }

    private static let dash = UInt8(ascii: "-")
}
