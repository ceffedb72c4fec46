internal import CMicroHTTPD

/// A request line and header as the library holds them: pointers into one buffer, valid during a callback.
@unsafe struct ReceivedHead {
    let method: String
    let version: String
    private let connection: OpaquePointer
    private let start: UInt
    private let size: Int
    /// Where the first field begins; nil when the request line is not `method SP target SP version CR LF`.
    private let firstField: Int?

    /// Takes the library's pointers.
    ///
    /// `targetAddress` and `targetCount` tell where the target began and how long it is up to its first NUL: the gaps
    /// between the parts show bytes that the library skipped.
    init(
        _ connection: OpaquePointer, method: UnsafePointer<CChar>, version: UnsafePointer<CChar>, targetAddress: UInt,
        targetCount: Int
    ) {
        unsafe self.connection = connection
        unsafe self.method = String(cString: method)
        unsafe self.version = String(cString: version)
        let methodAddress = UInt(bitPattern: method)
        let versionAddress = UInt(bitPattern: version)
        unsafe start = methodAddress
        unsafe size = mayfly_http_head_size(connection)
        let isExact =
            unsafe targetAddress == methodAddress &+ UInt(self.method.utf8.count) &+ 1
            && versionAddress == targetAddress &+ UInt(targetCount) &+ 1
        let lineEnd = unsafe Int(truncatingIfNeeded: versionAddress &- methodAddress) &+ self.version.utf8.count &+ 2
        unsafe firstField = isExact && lineEnd <= size ? lineEnd : nil
    }

    /// The head after every check: `earlier`, where this one repeats it byte for byte, else one that copies the parts.
    func checked(
        _ target: [UInt8], after earlier: RequestHead?, limits: HTTPLimits
    ) throws(HTTPSyntaxError) -> RequestHead {
        guard unsafe size <= limits.maximumHeader else { throw .headerTooLarge }
        guard let firstField = unsafe firstField, let base = unsafe UnsafeRawPointer(bitPattern: start) else {
            throw .malformedHeader
        }
        let block = unsafe UnsafeRawBufferPointer(start: base + firstField, count: size - firstField)
        var collector = HeaderCollector(start: unsafe start &+ UInt(bitPattern: firstField), count: block.count)
        unsafe withUnsafeMutablePointer(to: &collector) {
            unsafe mayfly_http_each_header(connection, collectHeader, $0)
        }
        guard collector.isInside else { throw .malformedHeader }
        if let earlier, unsafe earlier.begins(with: method, target, version),
            unsafe earlier.fields.areMade(of: block, spans: collector.spans)
        {
            return earlier
        }
        return try RequestHead(
            method: unsafe method, target: target, version: unsafe version,
            fields: try unsafe HeaderFields(block: Array(block), spans: collector.spans),
            maximumBody: max(limits.maximumBody, limits.maximumLargeBody))
    }
}

/// Turns the library's pointers into ranges of the header block.
private struct HeaderCollector {
    let start: UInt
    let count: Int
    var spans: [HeaderFields.Span] = []
    /// False once a pointer lay outside the block: the library had moved a folded line elsewhere.
    var isInside = true

    init(start: UInt, count: Int) {
        self.start = start
        self.count = count
        spans.reserveCapacity(12)
    }

    mutating func add(name: UInt, nameCount: Int, value: UInt, valueCount: Int) {
        guard let name = range(name, nameCount), let value = range(value, valueCount) else {
            isInside = false
            return
        }
        spans.append(HeaderFields.Span(name: name, value: value))
    }

    private func range(_ address: UInt, _ length: Int) -> Range<Int>? {
        let (distance, isBefore) = address.subtractingReportingOverflow(start)
        guard !isBefore, distance <= UInt(bitPattern: count), length >= 0, length <= count - Int(distance) else {
            return nil
        }
        return Int(distance)..<(Int(distance) + length)
    }
}

private func collectHeader(
    _ context: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind, _ name: UnsafePointer<CChar>?, _ nameCount: Int,
    _ value: UnsafePointer<CChar>?, _ valueCount: Int
) -> MHD_Result {
    guard let context = unsafe context else { return .NO }
    unsafe context.assumingMemoryBound(to: HeaderCollector.self).pointee.add(
        name: UInt(bitPattern: name), nameCount: nameCount, value: UInt(bitPattern: value), valueCount: valueCount)
    return .YES
}
