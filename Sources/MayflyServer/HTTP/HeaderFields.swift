internal import Glibc

/// The header fields of one request: the bytes as they were read, and where each name and value lies in them.
///
/// Keeping ranges costs two allocations a request instead of two a field.
package struct HeaderFields: Equatable, Sendable {
    /// Where one field lies in the block.
    package struct Span: Equatable, Sendable {
        package let name: Range<Int>
        package let value: Range<Int>

        package init(name: Range<Int>, value: Range<Int>) {
            self.name = name
            self.value = value
        }
    }

    private let block: [UInt8]
    private let spans: [Span]

    /// Takes the header block, from the first field's name to the end of the empty line, as the HTTP library leaves it:
    /// the colon after each name and the CR LF after each value are overwritten with NUL.
    ///
    /// The spans must tile the block exactly. That refuses what the library lets through: a NUL inside a field, which
    /// would hide the rest of the line; a line ended by a bare LF; a folded line; white space before a colon. A proxy
    /// in front could read any of those as another request (RFC 9112 §11.2).
    ///
    /// One other end of a line looks like CR LF by now: a NUL and a bare LF. A recipient may take a bare LF for the end
    /// of a line (RFC 9112 §2.2), and nothing is hidden by it.
    package init(block: [UInt8], spans: [Span]) throws(HTTPSyntaxError) {
        var position = 0
        let bytes = block.span
        for span in spans {
            guard span.name.lowerBound == position, !span.name.isEmpty, span.name.upperBound < span.value.lowerBound,
                span.value.upperBound <= block.count - 4
            else { throw .malformedHeader }
            guard block[span.name].allSatisfy(ASCII.isTokenCharacter) else { throw .malformedHeader }
            guard block[span.name.upperBound] == 0,
                block[(span.name.upperBound + 1)..<span.value.lowerBound].allSatisfy(ASCII.isOptionalWhiteSpace)
            else { throw .malformedHeader }
            let value = ByteScan.fieldValue(bytes.extracting(span.value))
            guard !value.hasControl else { throw .malformedHeader }
            guard !value.hasHighBit || String(validating: block[span.value], as: UTF8.self) != nil else {
                throw .invalidUTF8
            }
            position = span.value.upperBound
            guard block[position] == 0, block[position + 1] == 0 else { throw .malformedHeader }
            position += 2
        }
        guard block.count == position + 2, block[position] == 0, block[position + 1] == 0 else {
            throw .malformedHeader
        }
        self.block = block
        self.spans = spans
    }

    /// Whether these were made from exactly this block, divided in exactly this way.
    ///
    /// The division counts too: a block is checked against it, and another one could leave the same bytes behind.
    func areMade(of block: UnsafeRawBufferPointer, spans: [Span]) -> Bool {
        guard spans == self.spans, block.count == self.block.count else { return false }
        return unsafe self.block.withUnsafeBytes { own in
            guard let left = own.baseAddress, let right = block.baseAddress else { return true }
            return unsafe memcmp(left, right, own.count) == 0
        }
    }

    package var count: Int { spans.count }

    /// The bytes of the first field of that name, in any case, without white space around them.
    package func firstBytes(_ name: String) -> ArraySlice<UInt8>? {
        guard let span = spans.first(where: { matches($0, name) }) else { return nil }
        return ASCII.trimmed(block[span.value])
    }

    package func first(_ name: String) -> String? {
        firstBytes(name).map { String(decoding: $0, as: UTF8.self) }
    }

    package func all(_ name: String) -> [String] {
        spans.filter { matches($0, name) }.map { String(decoding: ASCII.trimmed(block[$0.value]), as: UTF8.self) }
    }

    func count(of name: String) -> Int {
        spans.count { matches($0, name) }
    }

    /// The only field of that name; nil when there is none or more than one.
    package func only(_ name: String) -> ArraySlice<UInt8>? {
        var found: Span?
        for span in spans where matches(span, name) {
            guard found == nil else { return nil }
            found = span
        }
        return found.map { ASCII.trimmed(block[$0.value]) }
    }

    package func contains(_ name: String) -> Bool {
        spans.contains { matches($0, name) }
    }

    private func matches(_ span: Span, _ name: String) -> Bool {
        span.name.count == name.utf8.count
            && (ByteScan.equal(block[span.name], name) || ASCII.equalIgnoringCase(block[span.name], name.utf8))
    }
}
