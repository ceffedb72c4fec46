/// A `traceparent` header (W3C Trace Context §3.2).
///
/// It names a trace for correlation and never authorizes anything.
package struct TraceParent: Equatable, Sendable {
    /// Bytes of a version 00 header, and the least of a later one.
    package static let length = 55

    /// 32 lower-case hexadecimal digits, not all zero.
    package let traceID: String
    /// 16 lower-case hexadecimal digits, not all zero.
    package let parentID: String
    package let flags: UInt8

    /// Bit 0 of the flags: the caller may have recorded the trace.
    package var isSampled: Bool { flags & 1 == 1 }

    /// Reads a header value.
    ///
    /// A later version is read by its first 55 bytes when nothing or a dash follows them; callers treat any error as an
    /// absent header and begin a new trace.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> TraceParent {
        guard bytes.count >= length, bytes.count <= 256 else { throw .invalidTraceParent }
        guard bytes[2] == dash, bytes[35] == dash, bytes[52] == dash else { throw .invalidTraceParent }
        let version = try hex(bytes[0..<2])
        guard version != "ff" else { throw .invalidTraceParent }
        if bytes.count > length {
            guard version != "00", bytes[length] == dash else { throw .invalidTraceParent }
        }
        let traceID = try hex(bytes[3..<35])
        let parentID = try hex(bytes[36..<52])
        guard traceID.utf8.contains(where: { $0 != zero }), parentID.utf8.contains(where: { $0 != zero }) else {
            throw .invalidTraceParent
        }
        guard let flags = UInt8(try hex(bytes[53..<55]), radix: 16) else { throw .invalidTraceParent }
        return TraceParent(traceID: traceID, parentID: parentID, flags: flags)
    }

    private static let dash = UInt8(ascii: "-")
    private static let zero = UInt8(ascii: "0")

    private static func hex(_ bytes: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> String {
        guard bytes.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
            throw .invalidTraceParent
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
