import MayflyCrypto
import MayflyModel
import Testing

@Suite struct PrivateKeyTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func theKeyAndItsPurposeSurvivePEM(algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let pem = try key.pem()
        #expect(pem.starts(with: Array("-----BEGIN PRIVATE KEY-----\n".utf8)))
        let again = try PrivateKey(pem: pem)
        #expect(again.algorithm == algorithm)
        #expect(again.publicKey == key.publicKey)
        let message = Array("message".utf8)
        #expect(key.publicKey.verify(try again.sign(message), over: message, with: algorithm))
    }

    @Test func generatedKeysDiffer() throws {
        let prints = try (0..<16).map { _ in try PrivateKey.generate(.es256).publicKey.thumbprint }
        #expect(Set(prints).count == prints.count)
    }

    @Test(arguments: [
        ("rfc7515-a3-ec", SignatureAlgorithm.es256), ("rfc7520-rsa", .rs256), ("rfc8037-a1-ed25519", .edDSA),
    ])
    func publishedKeysInPKCS8AreRead(name: String, algorithm: SignatureAlgorithm) throws {
        let pem = Array(try Vectors.read("mayfly-jose/vectors.json").object("keys").text(name).utf8)
        let key = try PrivateKey(pem: pem)
        #expect(key.algorithm == algorithm)
        #expect(key.publicKey.algorithms == [algorithm])
        // With CRLF line ends and white space after it, too.
        _ = try PrivateKey(pem: Array(String(decoding: pem, as: UTF8.self).replacing("\n", with: "\r\n").utf8) + [0x20])
    }

    @Test func thePublicHalfIsThePublishedOne() throws {
        let keys = try Vectors.read("mayfly-jose/vectors.json").object("keys")
        let ec = try PrivateKey(pem: Array(try keys.text("rfc7515-a3-ec").utf8))
        #expect(ec.publicKey == (try PublicKey(jwk: PublicKeyTests.ec)))
        let ed = try PrivateKey(pem: Array(try keys.text("rfc8037-a1-ed25519").utf8))
        #expect(ed.publicKey.jwk == PublicKeyTests.okp)
    }

    @Test func anythingButOneSoundPKCS8KeyIsRefused() throws {
        let refused = try Vectors.read("mayfly-jose/vectors.json").objects("refused_keys")
        #expect(refused.count == 14)
        let expected: [String: CryptoError] = [
            "RSA of 1024 bits": .weakKey, "P-521": .unsupportedKey, "Ed448": .unsupportedKey,
            "public halves of another key": .invalidKey, "encrypted PKCS#8": .passphraseMissing,
        ]
        for vector in refused {
            let name = try vector.text("name")
            let pem = Array(try vector.text("pem").utf8)
            #expect(throws: expected[name] ?? .malformedPEM, "\(name)") { try PrivateKey(pem: pem) }
        }
    }

    @Test func aChangedPEMNeverTraps() throws {
        let seed: UInt64 = 77
        var generator = SeededGenerator(seed: seed)
        let pem = try PrivateKey.generate(.edDSA).pem()
        for _ in 0..<2000 {
            var changed = pem
            let index = Int.random(in: changed.indices, using: &generator)
            changed[index] = UInt8.random(in: 0...255, using: &generator)
            // The private scalar itself has no redundancy, so a change there gives another sound key.
            _ = try? PrivateKey(pem: changed)
        }
    }
}
