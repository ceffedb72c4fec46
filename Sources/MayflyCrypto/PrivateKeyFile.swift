internal import COpenSSL
internal import Glibc

/// Private keys on disk: one PKCS#8 PEM per file, readable by its owner alone.
package enum PrivateKeyFile {
    /// A longer file is refused before it is read.
    package static let maximumLength = 65_536

    /// Writes `key` to a new file of mode 0600 that appears whole or not at all, and is durable on return.
    ///
    /// The bytes go to a neighbour with an unpredictable name, which is synced and then linked to `path`; linking fails
    /// when `path` exists, so a key is never replaced. A crash in between may leave the neighbour (`….new`) behind.
    package static func write(_ key: PrivateKey, to path: String) throws(CryptoError) {
        guard !path.utf8.contains(0) else { throw .keyFile(EINVAL) }
        var pem = try key.pem()
        defer { wipe(&pem) }
        let neighbour = "\(path).\(try SecureRandom.token(byteCount: 12)).new"
        let file = try OwnedDescriptor.open(neighbour, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        defer { unsafe unlink(neighbour) }
        // An unusual umask may have taken the owner's own bits away.
        guard fchmod(file.number, 0o600) == 0 else { throw .keyFile(errno) }
        try file.write(pem)
        guard fsync(file.number) == 0 else { throw .keyFile(errno) }
        guard unsafe link(neighbour, path) == 0 else {
            throw errno == EEXIST ? .keyFileExists : .keyFile(errno)
        }
        let directory = try OwnedDescriptor.open(parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fsync(directory.number) == 0 else { throw .keyFile(errno) }
    }

    /// Reads a key, but only from a regular file that nobody else can read or change.
    ///
    /// The checks look at the opened file, so it cannot be exchanged in between. A symbolic link is followed, because
    /// mounted secrets are links.
    package static func read(_ path: String) throws(CryptoError) -> PrivateKey {
        guard !path.utf8.contains(0) else { throw .keyFile(EINVAL) }
        // Without O_NONBLOCK, opening a FIFO would wait for a writer.
        let file = try OwnedDescriptor.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0 else { throw .keyFile(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .keyFileNotRegular }
        guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .keyFileForeignOwner }
        guard status.st_mode & 0o077 == 0 else { throw .keyFileReadable }
        guard status.st_size <= maximumLength else { throw .keyFileTooLarge }
        var pem = try file.read(atMost: maximumLength)
        defer { wipe(&pem) }
        return try PrivateKey(pem: pem)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    /// Overwrites the key's text, in a way that the compiler does not drop.
    private static func wipe(_ bytes: inout [UInt8]) {
        unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
