internal import CSQLite
internal import MayflyBroker
internal import MayflyCrypto

/// Steps through a stored blob; what is not there is `.corrupt`.
struct ByteReader {
    private let all: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        all = bytes
    }

    var isAtEnd: Bool { position == all.count }

    mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws(StoreError) -> Integer {
        var value: Integer = 0
        for byte in try take(Integer.bitWidth / 8) { value = value << 8 | Integer(truncatingIfNeeded: byte) }
        return value
    }

    mutating func digest() throws(StoreError) -> SHA256Digest {
        guard let digest = SHA256Digest(slice: try take(SHA256Digest.byteCount)) else {
            throw .corrupt(code: Int(SQLITE_CORRUPT))
        }
        return digest
    }

    mutating func bytes(_ count: Int) throws(StoreError) -> [UInt8] {
        Array(try take(count))
    }

    mutating func skip(_ count: Int) throws(StoreError) {
        _ = try take(count)
    }

    /// `count` is never negative: it is a length of ours, or was read as an unsigned number.
    private mutating func take(_ count: Int) throws(StoreError) -> ArraySlice<UInt8> {
        guard count <= all.count - position else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        defer { position += count }
        return all[position..<position + count]
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ number: some FixedWidthInteger) {
        append(addingCapacity: number.bitWidth / 8) { (output: inout OutputSpan<UInt8>) in
            output.appendBigEndian(number)
        }
    }
}

extension OutputSpan<UInt8> {
    /// Appends the bytes of `number`, highest first.
    mutating func appendBigEndian(_ number: some FixedWidthInteger) {
        for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
