internal import Glibc

/// Why a file could not be read.
package enum FileProblem: Error, Equatable, Sendable {
    case absent
    case forbidden
    case notRegular
    case tooLarge
    /// Holds the system's `errno`.
    case system(Int32)
}

extension FileProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .absent: "there is no such file"
        case .forbidden: "this user may not read the file"
        case .notRegular: "is not a regular file"
        case .tooLarge: "is too large"
        case .system(let code): "cannot be read (errno \(code))"
        }
    }
}

/// Reads whole files of a bounded size.
enum BoundedFile {
    private static let chunk = 65_536

    static func read(_ path: String, maximum: Int) throws(FileProblem) -> [UInt8] {
        // C would end the path at the NUL and open another file.
        guard !path.utf8.contains(0) else { throw .absent }
        // O_NONBLOCK keeps a named pipe in the file's place from holding start-up for ever.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw problem(errno) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw problem(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }

        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: chunk)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                let code = errno
                guard code == EINTR else { throw problem(code) }
                continue
            }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= maximum else { throw .tooLarge }
            bytes.append(contentsOf: buffer.prefix(count))
        }
    }

    private static func problem(_ code: Int32) -> FileProblem {
        switch code {
        case ENOENT, ENOTDIR: .absent
        case EACCES, EPERM: .forbidden
        default: .system(code)
        }
    }
}
