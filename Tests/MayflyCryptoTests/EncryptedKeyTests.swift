internal import Glibc
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// PKCS#8 keys that only a passphrase opens.
struct EncryptedKeyTests {
    static func secret(_ text: String) -> Secret {
        var bytes = Array(text.utf8)
        return Secret(taking: &bytes)
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func encryptedKeyOpensWithItsPassphraseAlone(_ algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let pem = try key.pem(passphrase: Self.secret("correct horse"))
        let text = String(decoding: pem, as: UTF8.self)
        #expect(text.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
        let opened = try PrivateKey(pem: pem, passphrase: Self.secret("correct horse"))
        #expect(opened.publicKey == key.publicKey)
        #expect(opened.algorithm == algorithm)
        for wrong in ["correct horsE", "correct hors", "correct horse ", "x"] {
            #expect(throws: CryptoError.passphraseWrong) { try PrivateKey(pem: pem, passphrase: Self.secret(wrong)) }
        }
        #expect(throws: CryptoError.passphraseMissing) { try PrivateKey(pem: pem) }
    }

    /// The parameters stand in the text: PBES2 with PBKDF2, HMAC-SHA256 and AES-256-CBC, 600,000 rounds.
    @Test func keyIsDerivedSlowly() throws {
        let pem = try PrivateKey.generate(.es256).pem(passphrase: Self.secret("p"))
        let body = String(decoding: pem, as: UTF8.self).split(separator: "\n").dropFirst().dropLast().joined()
        let der = try #require(Base64.decode(body.utf8))
        func holds(_ hex: [UInt8]) -> Bool {
            der.indices.contains { der[$0...].starts(with: hex) }
        }
        #expect(holds([0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D]), "PBES2")
        #expect(holds([0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C]), "PBKDF2")
        #expect(holds([0x06, 0x08, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x09]), "hmacWithSHA256")
        #expect(holds([0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A]), "aes256-CBC")
        #expect(holds([0x04, 0x10]), "a salt of 16 bytes")
        #expect(holds([0x02, 0x03, 0x09, 0x27, 0xC0]), "600,000 rounds")
    }

    @Test func twoTextsOfOneKeyDiffer() throws {
        let key = try PrivateKey.generate(.es256)
        let texts = try (0..<2).map { _ in try key.pem(passphrase: Self.secret("p")) }
        #expect(texts[0] != texts[1])
    }

    @Test func damagedOrRepeatedTextIsRefused() throws {
        let passphrase = Self.secret("p")
        let pem = try PrivateKey.generate(.es256).pem(passphrase: passphrase)
        let plain = try PrivateKey.generate(.es256).pem()
        for text in [pem + pem, pem + plain, plain + pem, Array(pem.dropLast(40)), Array(pem.prefix(60))] {
            #expect(throws: CryptoError.malformedPEM) { try PrivateKey(pem: text, passphrase: passphrase) }
        }
        for index in stride(from: 45, to: pem.count - 45, by: 7) {
            var text = pem
            text[index] = text[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: CryptoError.self) { _ = try PrivateKey(pem: text, passphrase: passphrase) }
        }
    }

    @Test func plainKeyNeedsNoPassphrase() throws {
        let key = try PrivateKey.generate(.edDSA)
        #expect(try PrivateKey(pem: try key.pem(), passphrase: Self.secret("p")).publicKey == key.publicKey)
    }

    /// RFC 1421's own encryption asks for its passphrase by a callback, which by default goes to the terminal.
    @Test func olderEncryptionIsRefusedAndNobodyIsAsked() throws {
        let text = """
            -----BEGIN EC PRIVATE KEY-----
            Proc-Type: 4,ENCRYPTED
            DEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF

            AAAA
            -----END EC PRIVATE KEY-----
            """
        let moved = text.split(separator: "\n").map { line in
            line.hasPrefix("-----BEGIN") ? "-----BEGIN PRIVATE KEY-----"[...] : line
        }.joined(separator: "\n")
        for text in [text, moved] {
            #expect(throws: CryptoError.malformedPEM) {
                try PrivateKey(pem: Array(text.utf8), passphrase: Self.secret("p"))
            }
        }
    }
}

/// Where passphrases and PINs come from.
struct SecretSourceTests {
    private final class Folder {
        let path: String

        init() throws {
            path = "/tmp/mayfly-secret-\(try SecureRandom.token(byteCount: 9))"
            try #require(mkdir(path, 0o700) == 0)
        }

        deinit {
            unlink(path + "/s")
            rmdir(path)
        }

        func write(_ text: String, mode: mode_t = 0o600) throws -> String {
            let file = path + "/s"
            unlink(file)
            let handle = try #require(fopen(file, "w"))
            _ = fwrite(Array(text.utf8), 1, text.utf8.count, handle)
            try #require(fclose(handle) == 0 && chmod(file, mode) == 0)
            return file
        }
    }

    /// Whether the secret that was read is `text`: it opens what `text` closed.
    private func isRead(_ secret: Secret, _ text: String) throws -> Bool {
        let pem = try PrivateKey.generate(.es256).pem(passphrase: EncryptedKeyTests.secret(text))
        return (try? PrivateKey(pem: pem, passphrase: secret)) != nil
    }

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), (" spaces stay ", " spaces stay "),
        ("ключ\n", "ключ"),
    ])
    func oneLineOfAFileIsTheSecret(_ content: String, _ text: String) throws {
        let folder = try Folder()
        let file = try folder.write(content)
        #expect(try isRead(try Secret.read(from: .file(file), credentials: nil), text))
    }

    @Test func longestSecretIsTakenAndOneByteMoreIsNot() throws {
        let folder = try Folder()
        let longest = String(repeating: "x", count: Secret.maximumLength)
        #expect(try isRead(try Secret.read(from: .file(try folder.write(longest + "\n")), credentials: nil), longest))
        for text in [longest + "x", longest + "x\n", longest + longest] {
            let file = try folder.write(text)
            #expect(throws: CryptoError.secret(.tooLong)) { try Secret.read(from: .file(file), credentials: nil) }
        }
    }

    @Test(arguments: [
        ("", SecretError.empty), ("\n", .empty), ("\r\n", .empty), ("a\nb", .malformed), ("a\n\n", .malformed),
        ("a\0b", .malformed),
    ])
    func whatIsNoLineIsRefused(_ content: String, _ error: SecretError) throws {
        let folder = try Folder()
        let file = try folder.write(content)
        #expect(throws: CryptoError.secret(error)) { try Secret.read(from: .file(file), credentials: nil) }
    }

    @Test(arguments: [0o644, 0o640, 0o604, 0o660, 0o602] as [mode_t])
    func fileThatOthersCanReadOrWriteIsRefused(_ mode: mode_t) throws {
        let folder = try Folder()
        let file = try folder.write("s", mode: mode)
        #expect(throws: CryptoError.secret(.readableByOthers)) {
            try Secret.read(from: .file(file), credentials: nil)
        }
    }

    @Test func fileThatIsNoneIsRefused() throws {
        let folder = try Folder()
        #expect(throws: CryptoError.secret(.file(ENOENT))) {
            try Secret.read(from: .file(folder.path + "/none"), credentials: nil)
        }
        #expect(throws: CryptoError.secret(.notRegular)) {
            try Secret.read(from: .file(folder.path), credentials: nil)
        }
    }

    @Test func credentialIsReadFromSystemdsDirectory() throws {
        let folder = try Folder()
        _ = try folder.write("from systemd", mode: 0o400)
        #expect(try isRead(try Secret.read(from: .credential("s"), credentials: folder.path), "from systemd"))
        // The mask of an access control list shows as the group's bits.
        _ = try folder.write("from systemd", mode: 0o440)
        #expect(try isRead(try Secret.read(from: .credential("s"), credentials: folder.path), "from systemd"))
        for mode in [0o444, 0o460, 0o404] as [mode_t] {
            _ = try folder.write("from systemd", mode: mode)
            #expect(throws: CryptoError.secret(.readableByOthers)) {
                try Secret.read(from: .credential("s"), credentials: folder.path)
            }
        }
        for missing in [nil, ""] {
            #expect(throws: CryptoError.secret(.noCredentials)) {
                try Secret.read(from: .credential("s"), credentials: missing)
            }
        }
        #expect(throws: CryptoError.secret(.file(ENOENT))) {
            try Secret.read(from: .credential("none"), credentials: folder.path)
        }
    }

    @Test(arguments: ["", ".", "..", "../s", "a/b", ".hidden", "a\u{0}b", "ä", String(repeating: "a", count: 256)])
    func nameThatCouldLeaveTheDirectoryIsNoCredential(_ name: String) {
        #expect(SecretSource.named(name) == nil)
    }

    @Test(arguments: ["", "1", "2", "-1", "+3", "3 ", "0x3", "1024", "99999999999999999999", "٣"])
    func numberThatIsNoDescriptorIsRefused(_ text: String) {
        #expect(SecretSource.descriptor(text) == nil)
    }

    /// A pipe with `text` in it, whose writing end is closed.
    private func pipe(_ text: String) throws -> Int32 {
        var ends: [Int32] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        try #require(write(ends[1], Array(text.utf8), text.utf8.count) == text.utf8.count)
        close(ends[1])
        return ends[0]
    }

    @Test func descriptorIsReadToItsEndAndClosed() throws {
        let number = try pipe("from a pipe\n")
        #expect(try isRead(try Secret.read(from: .descriptor(number), credentials: nil), "from a pipe"))
        for (text, error) in [
            ("", SecretError.empty), ("a\nb", .malformed), (String(repeating: "x", count: 5000), .tooLong),
        ] {
            let number = try pipe(text)
            #expect(throws: CryptoError.secret(error)) {
                try Secret.read(from: .descriptor(number), credentials: nil)
            }
        }
    }

    @Test func descriptorThatIsClosedOrOnlyForWritingIsRefused() throws {
        #expect(throws: CryptoError.secret(.descriptor(EBADF))) {
            try Secret.read(from: .descriptor(1023), credentials: nil)
        }
        var ends: [Int32] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let writing = ends[1]
        #expect(throws: CryptoError.secret(.descriptor(EBADF))) {
            try Secret.read(from: .descriptor(writing), credentials: nil)
        }
    }

    @Test func terminalIsNeverAsked() throws {
        var (main, sub): (Int32, Int32) = (0, 0)
        try #require(openpty(&main, &sub, nil, nil, nil) == 0)
        defer {
            close(main)
            close(sub)
        }
        let terminal = sub
        #expect(throws: CryptoError.secret(.terminal)) {
            try Secret.read(from: .descriptor(terminal), credentials: nil)
        }
    }

    @Test func secretDescribesNothing() {
        let secret = EncryptedKeyTests.secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: secret), dumped] {
            #expect(!text.contains("hunter2"))
        }
    }
}

struct PKCS11URITests {
    @Test func supportedAttributesAreRead() throws {
        let uri = try #require(PKCS11URI("pkcs11:token=My%20HSM;object=agent-1;id=%01%fF;type=private"))
        #expect(uri.token == "My HSM")
        #expect(uri.object == Array("agent-1".utf8))
        #expect(uri.id == [1, 0xFF])
        #expect(PKCS11URI("pkcs11:object=a;token=b")?.id == [])
        #expect(PKCS11URI("pkcs11:id=ab;token=b")?.id == Array("ab".utf8))
    }

    @Test(arguments: [
        "", "pkcs11:", "pkcs11:token=a", "pkcs11:object=a", "PKCS11:token=a;object=b", "pkcs11:token=a;object=",
        "pkcs11:token=;object=a", "pkcs11:token=a;object=b;object=c", "pkcs11:token=a;object=b;",
        "pkcs11:;token=a;object=b", "pkcs11:token=a;object=b;type=public", "pkcs11:token=a;object=b;serial=1",
        "pkcs11:token=a;object=b;manufacturer=x", "pkcs11:token=a;object=b?pin-value=1",
        "pkcs11:token=a;object=b?module-path=/tmp/x.so", "pkcs11:token=a;object=b?pin-source=file:/x",
        "pkcs11:token=a;object=%", "pkcs11:token=a;object=%4", "pkcs11:token=a;object=%zz",
        "pkcs11:token=a b;object=c", "pkcs11:token=a/b;object=c", "pkcs11:token=%ff;object=c",
        "pkcs11:token=a%00;object=c", "pkcs11:token=é;object=c", "pkcs11:token=a;object", "file:///etc/passwd",
        "pkcs11:token=" + String(repeating: "a", count: 33) + ";object=b",
        "pkcs11:token=a;object=" + String(repeating: "a", count: 129),
        "pkcs11:token=a;object=" + String(repeating: "%41", count: 400),
    ])
    func whatIsNotUnderstoodIsRefused(_ text: String) {
        #expect(PKCS11URI(text) == nil)
    }
}
