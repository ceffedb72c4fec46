internal import Glibc
import MayflyCrypto
import Testing

@Suite struct PrivateKeyFileTests {
    /// A fresh directory, removed with its files when the value goes away.
    private final class Directory {
        let path: String

        init() throws {
            path = "/tmp/mayfly-keys-\(try SecureRandom.token(byteCount: 9))"
            try #require(mkdir(path, 0o700) == 0)
        }

        deinit {
            for name in (try? names()) ?? [] { unlink("\(path)/\(name)") }
            rmdir(path)
        }

        func names() throws -> [String] {
            let handle = try #require(opendir(path))
            defer { closedir(handle) }
            var names: [String] = []
            while let entry = readdir(handle) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != "." && name != ".." { names.append(name) }
            }
            return names
        }

        func write(_ name: String, _ bytes: [UInt8], mode: mode_t) throws -> String {
            let file = "\(path)/\(name)"
            let handle = try #require(fopen(file, "w"))
            try #require(fwrite(bytes, 1, bytes.count, handle) == bytes.count)
            try #require(fclose(handle) == 0 && chmod(file, mode) == 0)
            return file
        }
    }

    @Test func aWrittenKeyIsPrivateAndReadsBack() throws {
        let directory = try Directory()
        let key = try PrivateKey.generate(.es256)
        let path = "\(directory.path)/signing.pem"
        try PrivateKeyFile.write(key, to: path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(status.st_nlink == 1)
        #expect(try PrivateKeyFile.read(path).publicKey == key.publicKey)
        #expect(try directory.names() == ["signing.pem"])
    }

    @Test func anExistingFileIsNeverReplaced() throws {
        let directory = try Directory()
        let first = try PrivateKey.generate(.es256)
        let path = "\(directory.path)/k"
        try PrivateKeyFile.write(first, to: path)
        #expect(throws: CryptoError.keyFileExists) { try PrivateKeyFile.write(try .generate(.es256), to: path) }
        #expect(try PrivateKeyFile.read(path).publicKey == first.publicKey)
        #expect(try directory.names() == ["k"])
    }

    @Test(arguments: [0o644, 0o640, 0o604, 0o610, 0o620, 0o602, 0o601, 0o666, 0o777] as [mode_t])
    func aFileOpenToOthersIsRefused(mode: mode_t) throws {
        let directory = try Directory()
        let path = try directory.write("k", try PrivateKey.generate(.edDSA).pem(), mode: mode)
        #expect(throws: CryptoError.keyFileReadable) { try PrivateKeyFile.read(path) }
        try #require(chmod(path, 0o400) == 0)
        _ = try PrivateKeyFile.read(path)
    }

    @Test func aMountedSecretBehindALinkIsReadAndItsTargetChecked() throws {
        let directory = try Directory()
        let target = try directory.write("target", try PrivateKey.generate(.edDSA).pem(), mode: 0o600)
        let link = "\(directory.path)/link"
        try #require(symlink(target, link) == 0)
        _ = try PrivateKeyFile.read(link)
        try #require(chmod(target, 0o644) == 0)
        #expect(throws: CryptoError.keyFileReadable) { try PrivateKeyFile.read(link) }
    }

    @Test func otherThingsThanFilesAreRefusedWithoutWaiting() throws {
        let directory = try Directory()
        let fifo = "\(directory.path)/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        #expect(throws: CryptoError.keyFileNotRegular) { try PrivateKeyFile.read(fifo) }
        #expect(throws: CryptoError.keyFileNotRegular) { try PrivateKeyFile.read(directory.path) }
        #expect(throws: CryptoError.keyFileNotRegular) { try PrivateKeyFile.read("/dev/null") }
    }

    @Test func missingOversizedAndForeignContentsAreRefused() throws {
        let directory = try Directory()
        #expect(throws: CryptoError.keyFile(ENOENT)) { try PrivateKeyFile.read("\(directory.path)/none") }
        #expect(throws: CryptoError.keyFile(EINVAL)) { try PrivateKeyFile.read("\(directory.path)/a\0b") }
        #expect(throws: CryptoError.keyFile(ENOENT)) {
            try PrivateKeyFile.write(try .generate(.edDSA), to: "\(directory.path)/none/k")
        }
        let padding = [UInt8](repeating: 0x0A, count: PrivateKeyFile.maximumLength)
        let large = try directory.write("large", try PrivateKey.generate(.edDSA).pem() + padding, mode: 0o600)
        #expect(throws: CryptoError.keyFileTooLarge) { try PrivateKeyFile.read(large) }
        let empty = try directory.write("empty", [], mode: 0o600)
        #expect(throws: CryptoError.malformedPEM) { try PrivateKeyFile.read(empty) }
    }
}
