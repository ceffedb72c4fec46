internal import COpenSSL
internal import Glibc

/// Files that hold a secret: regular, and open to their owner alone.
package enum SecretFile {
    /// Reads a whole file of at most `maximum` bytes, but only one that nobody else can read or change.
    ///
    /// The checks look at the opened file, so it cannot be exchanged in between. A symbolic link is followed, because
    /// mounted secrets are links.
    ///
    /// `groupMayRead` is for a mode whose group bits are the mask of an access control list.
    package static func read(
        _ path: String, maximum: Int, groupMayRead: Bool = false
    ) throws(CryptoError) -> [UInt8] {
        guard !path.utf8.contains(0) else { throw .keyFile(EINVAL) }
        // Without O_NONBLOCK, opening a FIFO would wait for a writer.
        let file = try OwnedDescriptor.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0 else { throw .keyFile(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .keyFileNotRegular }
        guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .keyFileForeignOwner }
        guard status.st_mode & (groupMayRead ? 0o037 : 0o077) == 0 else { throw .keyFileReadable }
        guard status.st_size <= maximum else { throw .keyFileTooLarge }
        return try file.read(atMost: maximum)
    }

    /// Overwrites a secret, in a way that the compiler does not drop.
    package static func wipe(_ bytes: inout [UInt8]) {
        unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
