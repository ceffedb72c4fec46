internal import Glibc

/// Standard output and standard error.
enum Terminal {
    /// One line, or several, to standard output.
    static func say(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// One line to standard error.
    static func complain(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if written > 0 {
                done += written
            } else if errno != EINTR {
                return
            }
        }
    }
}
