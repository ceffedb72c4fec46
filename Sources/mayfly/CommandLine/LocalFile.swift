internal import Glibc
import MayflyCrypto

/// Small files that the person at the command line names.
enum LocalFile {
    /// Reads a whole file; `-` is standard input.
    static func read(_ path: String, maximum: Int) throws(CommandError) -> [UInt8] {
        let descriptor = try opened(path)
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = try piece(of: descriptor, path, into: &buffer)
            guard count > 0 else { return bytes }
            guard count <= maximum - bytes.count else {
                throw .failed("\(shown(path)) is larger than \(maximum) bytes", next: "name another file")
            }
            bytes += buffer.prefix(count)
        }
    }

    /// The SHA-256 of a file of any size; `-` is standard input.
    static func digest(_ path: String) throws(CommandError) -> SHA256Digest {
        let descriptor = try opened(path)
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        do {
            var hasher = try SHA256Hasher()
            while true {
                let count = try piece(of: descriptor, path, into: &buffer)
                guard count > 0 else { return try hasher.finish() }
                try hasher.update(buffer.prefix(count))
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw .failed("\(shown(path)) cannot be digested", next: "the reason: \(error)")
        }
    }

    private static func opened(_ path: String) throws(CommandError) -> Int32 {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot read \(shown(path))", errno) }
        return descriptor
    }

    /// Reads once; 0 is the end.
    private static func piece(
        of descriptor: Int32, _ path: String, into buffer: inout [UInt8]
    ) throws(CommandError) -> Int {
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count < 0 else { return count }
            guard errno == EINTR else { throw failure("cannot read \(shown(path))", errno) }
        }
    }

    /// Reads one line of text, such as a secret or a token, without the white space around it.
    static func line(_ path: String, maximum: Int) throws(CommandError) -> String {
        let bytes = try read(path, maximum: maximum)
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        var rest = bytes[...]
        while rest.first.map(isSpace) == true { rest.removeFirst() }
        while rest.last.map(isSpace) == true { rest.removeLast() }
        guard !rest.isEmpty, rest.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .failed("\(shown(path)) does not hold one line of text", next: "put nothing but the value there")
        }
        return String(decoding: rest, as: UTF8.self)
    }

    /// Writes a file that appears whole, or not at all, and takes the place of an older one.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(CommandError) {
        let neighbour = "\(path).\(getpid()).new"
        let descriptor = open(neighbour, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("cannot write \(shown(path))", errno) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                break
            }
        }
        let isWhole = done == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWhole, rename(neighbour, path) == 0 else {
            let code = errno
            unlink(neighbour)
            throw failure("cannot write \(shown(path))", code)
        }
    }

    private static func shown(_ path: String) -> String {
        path == "-" ? "standard input" : Table.cell(path)
    }

    static func failure(_ what: String, _ code: Int32) -> CommandError {
        .failed(what, next: "the system says: \(String(cString: strerror(code)))")
    }
}
