extension String.UTF8View {
    /// Whether the two texts have the same bytes: `==` of texts also holds where Unicode calls them equivalent.
    ///
    /// Says what the library's generic function of the same name says, which takes one byte at a time; not for secrets.
    package func elementsEqual(_ other: String.UTF8View) -> Bool {
        guard count == other.count else { return false }
        let isSame = withContiguousStorageIfAvailable { left in
            other.withContiguousStorageIfAvailable { right in
                Self.isSame(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
            }
        }
        if let isSame, let isSame { return isSame }
        // Texts that are not this language's own are not in one piece.
        return zip(self, other).allSatisfy { $0 == $1 }
    }

    /// The same of two runs of one length, eight bytes at a time.
    private static func isSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        var difference: UInt64 = 0
        while left.count - index >= 8 {
            difference |=
                left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                ^ right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < left.count {
            difference |= UInt64(left[index] ^ right[index])
            index += 1
        }
        return difference == 0
    }
}
