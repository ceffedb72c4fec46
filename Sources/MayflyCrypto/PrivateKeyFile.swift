internal import Glibc

/// Private keys on disk: one PKCS#8 PEM per file, encrypted or not, readable by its owner alone.
package enum PrivateKeyFile {
    /// A longer file is refused before it is read.
    package static let maximumLength = 65_536

    /// Writes `key` to a new file of mode 0600 that appears whole or not at all, and is durable on return.
    ///
    /// The bytes go to a neighbour with an unpredictable name, which is synced and then linked to `path`; linking fails
    /// when `path` exists, so a key is never replaced. A crash in between may leave the neighbour (`….new`) behind.
    package static func write(
        _ key: PrivateKey, to path: String, passphrase: Secret? = nil
    ) throws(CryptoError) {
        guard !path.utf8.contains(0) else { throw .keyFile(EINVAL) }
        var pem = try key.pem(passphrase: passphrase)
        defer { SecretFile.wipe(&pem) }
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
        try sync(parent(of: path))
    }

    /// Makes the names in a folder durable.
    static func sync(_ folder: String) throws(CryptoError) {
        let directory = try OwnedDescriptor.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fsync(directory.number) == 0 else { throw .keyFile(errno) }
    }

    /// Reads a key, as `SecretFile` reads; `passphrase` is for one that is encrypted.
    package static func read(_ path: String, passphrase: Secret? = nil) throws(CryptoError) -> PrivateKey {
        var pem = try SecretFile.read(path, maximum: maximumLength)
        defer { SecretFile.wipe(&pem) }
        return try PrivateKey(pem: pem, passphrase: passphrase)
    }

    static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }
}
