internal import Glibc

extension PrivateKeyFile {
    /// The names of the `.pem` files in a folder that hold a key and are not encrypted, in order.
    package static func unencrypted(in folder: String) throws(CryptoError) -> [String] {
        guard !folder.utf8.contains(0), let stream = unsafe opendir(folder) else { throw .keyFile(errno) }
        defer { unsafe closedir(stream) }
        var found: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.utf8.count > 4, name.hasSuffix(".pem") else { continue }
            var text = try SecretFile.read("\(folder)/\(name)", maximum: maximumLength)
            defer { SecretFile.wipe(&text) }
            if PEM.isPlain(text) { found.append(name) }
        }
        return found.sorted()
    }

    /// Replaces a key's file by its encrypted form, whole or not at all, once that is seen to open.
    package static func encrypt(_ path: String, with passphrase: Secret) throws(CryptoError) {
        let key = try read(path)
        let neighbour = "\(path).\(try SecureRandom.token(byteCount: 12)).sealed"
        try write(key, to: neighbour, passphrase: passphrase)
        do throws(CryptoError) {
            guard try read(neighbour, passphrase: passphrase).publicKey == key.publicKey else { throw .invalidKey }
            guard unsafe rename(neighbour, path) == 0 else { throw .keyFile(errno) }
        } catch {
            unsafe unlink(neighbour)
            throw error
        }
        try sync(parent(of: path))
    }
}
