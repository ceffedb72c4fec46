internal import Dispatch
internal import Glibc
internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization
internal import Testing
internal import TokenHarness

/// Keys in a PKCS#11 token, with SoftHSM: each test has a token of its own.
struct PKCS11Tests {
    private func secret(_ text: String = SoftHSM.pin) -> Secret {
        var bytes = Array(text.utf8)
        return Secret(taking: &bytes)
    }

    private func token(_ number: Int) throws -> PKCS11Token {
        _ = try SoftHSM.shared()
        return try PKCS11Token(module: SoftHSM.module, token: "mayfly-\(number)", pin: secret())
    }

    private func name(_ key: PrivateKey) throws -> PKCS11Token.Name {
        PKCS11Token.Name(id: try #require(Base64URL.decode(key.publicKey.thumbprint)))
    }

    /// All of them, but for EdDSA beside the leak detector.
    ///
    /// SoftHSM 2.6.1 never frees the name of the curve of an Ed25519 key that it signs with. A suppression cannot say
    /// so: the detector loses the caller's trace in OpenSSL, which keeps no frame pointers.
    private static let algorithms = SignatureAlgorithm.allCases.filter {
        $0 != .edDSA || getenv("MAYFLY_SANITIZER").map { String(cString: $0) } != "address"
    }

    @Test(arguments: algorithms)
    func keyMadeInTheTokenSignsWhatOpenSSLVerifies(_ algorithm: SignatureAlgorithm) throws {
        let token = try token(1)
        let key = try token.generate(algorithm) { "test \($0)" }
        #expect(key.algorithm == algorithm)
        #expect(key.isInToken)
        let message = Array("message".utf8)
        let signature = try key.sign(message)
        #expect(key.publicKey.verify(signature, over: message, with: algorithm))
        #expect(!key.publicKey.verify(signature, over: Array("massage".utf8), with: algorithm))
        // The parsed public half says the same as the held one.
        let again = try PublicKey(jwk: key.publicKey.jwk)
        #expect(again.thumbprint == key.publicKey.thumbprint)
        #expect(again.verify(signature, over: message, with: algorithm))
        let compact = try JWS.sign(payload: Array("{}".utf8), type: "JWT", keyID: nil, with: key)
        #expect(try JWS.parse(Array(compact.utf8)).isSigned(by: key.publicKey))
        try CrossCheck.run(key)
    }

    @Test func keyIsFoundAgainByIDAndByLabelFromAnotherLogin() throws {
        let token = try token(2)
        let key = try token.generate(.es256) { "label \($0)" }
        let thumbprint = key.publicKey.thumbprint
        let other = try self.token(2)
        #expect(try other.privateKey(name(key)).publicKey.thumbprint == thumbprint)
        let label = PKCS11Token.Name(label: Array("label \(thumbprint)".utf8))
        #expect(try other.privateKey(label).publicKey.thumbprint == thumbprint)
        let both = PKCS11Token.Name(id: try name(key).id, label: label.label)
        #expect(try other.privateKey(both).publicKey.thumbprint == thumbprint)
        #expect(throws: CryptoError.pkcs11(.keyMissing)) {
            try other.privateKey(PKCS11Token.Name(label: Array("no such".utf8)))
        }
    }

    @Test func privateHalfNeverComesOut() throws {
        let hsm = try SoftHSM.shared()
        let token = try token(3)
        let key = try token.generate(.rs256) { _ in "kept" }
        #expect(throws: CryptoError.keyInToken) { try key.pem() }
        let text = try hsm.privateKeys("mayfly-3")
        #expect(text.contains("sensitive") && text.contains("never extractable"), "\(text)")
        #expect(!text.contains("decrypt"), "\(text)")
    }

    @Test func keyOfAnotherToolIsUsed() throws {
        let hsm = try SoftHSM.shared()
        for (type, algorithm) in [("EC:prime256v1", SignatureAlgorithm.es256), ("rsa:2048", .rs256)] {
            let made = try hsm.tool(
                "mayfly-4", ["--keypairgen", "--key-type", type, "--label", type, "--id", "0\(type.utf8.count % 10)"])
            #expect(made == 0)
            let key = try token(4).privateKey(PKCS11Token.Name(label: Array(type.utf8)))
            #expect(key.algorithm == algorithm)
            try CrossCheck.run(key)
        }
        #expect(
            try hsm.tool("mayfly-4", ["--keypairgen", "--key-type", "EC:secp384r1", "--label", "wide", "--id", "99"])
                == 0)
        #expect(throws: CryptoError.pkcs11(.unsupported)) {
            try token(4).privateKey(PKCS11Token.Name(label: Array("wide".utf8)))
        }
    }

    @Test func sameNameTwiceIsNoKey() throws {
        let token = try token(5)
        for _ in 0..<2 { _ = try token.generate(.es256) { _ in "twins" } }
        #expect(throws: CryptoError.pkcs11(.keyAmbiguous)) {
            try token.privateKey(PKCS11Token.Name(label: Array("twins".utf8)))
        }
    }

    @Test func whatIsNotThereIsSaid() throws {
        _ = try SoftHSM.shared()
        for path in ["/no/such/module.so", "libsofthsm2.so", "", "/etc/passwd", "/usr/lib/softhsm"] {
            #expect(throws: CryptoError.pkcs11(.moduleNotLoaded), "\(path)") {
                try PKCS11Token(module: path, token: "mayfly-1", pin: secret())
            }
        }
        #expect(throws: CryptoError.pkcs11(.tokenMissing)) {
            try PKCS11Token(module: SoftHSM.module, token: "another", pin: secret())
        }
    }

    @Test func keyRemovedUnderItFailsWithItsOwnError() throws {
        let hsm = try SoftHSM.shared()
        let token = try token(6)
        let key = try token.generate(.es256) { _ in "short-lived" }
        _ = try key.sign([1])
        let deleted = try hsm.tool("mayfly-6", ["--delete-object", "--type", "privkey", "--label", "short-lived"])
        #expect(deleted == 0)
        #expect(throws: CryptoError.pkcs11(.keyMissing)) { try key.sign([1]) }
        #expect(throws: CryptoError.pkcs11(.keyMissing)) { try token.privateKey(name(key)) }
        // The token itself goes on.
        try CrossCheck.run(try token.generate(.es256) { "next \($0)" })
    }

    @Test func removedKeyIsGoneAndRemovingItAgainIsNoError() throws {
        let token = try token(7)
        let key = try token.generate(.rs256) { "gone \($0)" }
        let kept = try token.generate(.es256) { "kept \($0)" }
        try token.remove(name(key))
        try token.remove(name(key))
        try token.remove(PKCS11Token.Name())
        #expect(throws: CryptoError.pkcs11(.keyMissing)) { try key.sign([1]) }
        _ = try kept.sign([1])
    }

    @Test func eightThreadsSignAtOnce() throws {
        let token = try token(8)
        let keys = try [SignatureAlgorithm.es256, .rs256].map { algorithm in
            try token.generate(algorithm) { "busy \($0)" }
        }
        let bad = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<100 {
                let key = keys[(thread + round) % 2]
                let message = Array("\(thread) \(round)".utf8)
                guard let signature = try? key.sign(message),
                    key.publicKey.verify(signature, over: message, with: key.algorithm)
                else {
                    bad.add(1, ordering: .relaxed)
                    continue
                }
            }
        }
        #expect(bad.load(ordering: .relaxed) == 0)
    }
}

/// What only a process that nobody is logged in from can show, in tokens that no other test opens.
struct PKCS11LoginTests {
    @Test func wrongPINIsSaidAndTriedOnce() throws {
        _ = try SoftHSM.shared()
        for text in ["000000", "1", String(repeating: "9", count: 300)] {
            var bytes = Array(text.utf8)
            let pin = Secret(taking: &bytes)
            #expect(throws: CryptoError.pkcs11(.pinWrong)) {
                try PKCS11Token(module: SoftHSM.module, token: "mayfly-20", pin: pin)
            }
        }
    }
}
