internal import Glibc

/// Looks for a byte by the C library's vector instructions: tokens and forms are some hundreds of bytes.
package enum ByteSearch {
    /// Where `byte` stands first in `bytes`; never for secrets, since it stops there.
    package static func index(of byte: UInt8, in bytes: ArraySlice<UInt8>) -> Int? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress, let found = unsafe memchr(start, Int32(byte), buffer.count) else {
                return nil
            }
            return unsafe bytes.startIndex + (UnsafeRawPointer(found) - start)
        }
    }
}
