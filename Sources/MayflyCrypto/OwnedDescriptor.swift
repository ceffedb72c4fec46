internal import COpenSSL
internal import Glibc

/// An open file descriptor that closes when this value ends.
struct OwnedDescriptor: ~Copyable {
    let number: Int32
    private let closes: Bool

    private init(_ number: Int32) {
        (self.number, closes) = (number, true)
    }

    /// Takes a descriptor over from whoever started the program.
    init(adopting number: Int32, closes: Bool) {
        (self.number, self.closes) = (number, closes)
    }

    deinit { if closes { close(number) } }

    static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) throws(CryptoError) -> OwnedDescriptor {
        while true {
            let number = unsafe Glibc.open(path, flags, mode)
            if number >= 0 { return OwnedDescriptor(number) }
            guard errno == EINTR else { throw .keyFile(errno) }
        }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8]) throws(CryptoError) {
        var done = 0
        while done < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.write(number, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if written > 0 {
                done += written
            } else if errno != EINTR {
                throw .keyFile(errno)
            }
        }
    }

    /// Reads to the end; a file longer than `limit` is refused, whatever its size was before.
    func read(atMost limit: Int) throws(CryptoError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit + 1)
        defer { unsafe buffer.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
        var filled = 0
        while filled < buffer.count {
            let count = unsafe buffer.withUnsafeMutableBytes { space in
                unsafe Glibc.read(number, space.baseAddress?.advanced(by: filled), space.count - filled)
            }
            if count > 0 {
                filled += count
            } else if count == 0 {
                return Array(buffer[..<filled])
            } else if errno != EINTR {
                throw .keyFile(errno)
            }
        }
        throw .keyFileTooLarge
    }
}
