internal import Glibc
internal import MayflyBroker

/// An open file or directory that closes when this value ends; failures are `errno`s.
struct ArchiveFile: ~Copyable {
    struct Failure: Error {
        let code: Int32
    }

    private let descriptor: Int32

    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(Failure) {
        guard !path.utf8.contains(0) else { throw Failure(code: EINVAL) }
        let descriptor = unsafe open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Bytes of a regular file.
    func size() throws(Failure) -> Int64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Failure(code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(code: EINVAL) }
        return Int64(status.st_size)
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw Failure(code: errno)
            }
        }
    }

    /// Up to `count` bytes at `offset`; fewer where the file ends.
    func read(_ count: Int, at offset: Int) throws(Failure) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let read = unsafe buffer.withUnsafeMutableBytes { space in
                unsafe pread(
                    descriptor, space.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
            }
            if read == 0 { break }
            if read > 0 {
                done += read
            } else if errno != EINTR {
                throw Failure(code: errno)
            }
        }
        buffer.removeLast(count - done)
        return buffer
    }

    func sync() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw Failure(code: errno) }
    }
}
