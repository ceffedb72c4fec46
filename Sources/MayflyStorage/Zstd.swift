internal import CZstd

/// Whole buffers through libzstd, each as one frame.
enum Zstd {
    /// The library's own default: a third of the size of ledger entries or less, at some hundred megabytes a second.
    private static let level: Int32 = 3

    /// One frame, or nil when the library cannot compress, which takes a lack of memory.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let count = unsafe output.withUnsafeMutableBytes { output in
            unsafe bytes.withUnsafeBytes { input in
                unsafe ZSTD_compress(output.baseAddress, output.count, input.baseAddress, input.count, level)
            }
        }
        guard ZSTD_isError(count) == 0, count <= output.count else { return nil }
        output.removeLast(output.count - count)
        return output
    }

    /// What `frame` holds, if that is exactly `length` bytes; never writes more, whatever the frame says of itself.
    static func decompress(_ frame: [UInt8], length: Int) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: length)
        let count = unsafe output.withUnsafeMutableBytes { output in
            unsafe frame.withUnsafeBytes { input in
                unsafe ZSTD_decompress(output.baseAddress, output.count, input.baseAddress, input.count)
            }
        }
        guard ZSTD_isError(count) == 0, count == length else { return nil }
        return output
    }
}
