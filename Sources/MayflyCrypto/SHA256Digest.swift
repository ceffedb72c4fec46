/// The 32 raw bytes of a SHA-256.
package struct SHA256Digest: Hashable, Sendable {
    /// Four words in memory order, so that equality and hashing are a few loads.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package static let byteCount = 32

    /// Takes exactly 32 bytes, else nil.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var iterator = bytes.makeIterator()
        func word() -> UInt64 {
            var value: UInt64 = 0
            for _ in 0..<8 { value = value << 8 | UInt64(iterator.next() ?? 0) }
            return value
        }
        words = (word(), word(), word(), word())
    }

    /// Takes the digest as it lies in memory.
    init(bigEndianWords raw: (UInt64, UInt64, UInt64, UInt64)) {
        words = (
            UInt64(bigEndian: raw.0), UInt64(bigEndian: raw.1), UInt64(bigEndian: raw.2), UInt64(bigEndian: raw.3)
        )
    }

    /// The last of the bytes: for spreading over shards.
    package var lowByte: UInt8 { UInt8(truncatingIfNeeded: words.3) }

    /// The first sixteen bytes as two numbers.
    package var leadingWords: (UInt64, UInt64) { (words.0, words.1) }

    /// Takes exactly 32 bytes, else nil; for a part of a larger array, without a call for each byte.
    package init?(slice: ArraySlice<UInt8>) {
        guard slice.count == Self.byteCount else { return nil }
        var raw: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &raw) { output in
            unsafe slice.withUnsafeBytes { unsafe output.copyMemory(from: $0) }
        }
        self.init(bigEndianWords: raw)
    }

    /// The raw bytes, big-endian as the hash is printed.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(Self.byteCount)
        append(to: &output)
        return output
    }

    /// Appends the raw bytes.
    package func append(to output: inout [UInt8]) {
        let raw = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        unsafe withUnsafeBytes(of: raw) { unsafe output.append(contentsOf: $0) }
    }

    /// Writes the raw bytes to the beginning of `output`, which has room for them.
    func copy(to output: UnsafeMutableRawBufferPointer) {
        let raw = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        unsafe withUnsafeBytes(of: raw) { unsafe output.copyMemory(from: $0) }
    }

    package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool {
        // Without a branch between the words: a comparison tells nothing by its time.
        (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1)
            | (left.words.2 ^ right.words.2) | (left.words.3 ^ right.words.3) == 0
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}
