import MayflyModel
import Testing

@testable import MayflyCrypto

/// Keys that are kept among many, and get OpenSSL's form when they are used.
@Suite struct RegisteredKeyTests {
    private static let message = Array("message".utf8)

    /// The coordinates of a good key with the last bit of y flipped: right in form, and not a point of the curve.
    static let offCurve: JSONObject = {
        var key = PublicKeyTests.ec
        key["y"] = .string("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4")
        return key
    }()

    @Test(arguments: SignatureAlgorithm.allCases)
    func aRegisteredKeyIsTheSameKeyAndVerifies(algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let signature = try key.sign(Self.message)
        var jwk = key.publicKey.jwk
        jwk["alg"] = .string(algorithm.rawValue)
        for registered in [try PublicKey(registered: jwk), key.publicKey.registered] {
            #expect(registered == key.publicKey)
            #expect(registered.thumbprint == key.publicKey.thumbprint)
            #expect(registered.jwk == key.publicKey.jwk)
            #expect(registered.verify(signature, over: Self.message, with: algorithm))
            #expect(!registered.verify(signature, over: Self.message + [0], with: algorithm))
        }
    }

    static let malformed: [(JSONObject, CryptoError)] = [
        (PublicKeyTests.ec.with("x", .string("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA")), .invalidKey),
        (PublicKeyTests.ec.with("y", .string("")), .invalidKey),
        (PublicKeyTests.ec.with("y", .string("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1")), .invalidKey),
        (PublicKeyTests.ec.with("crv", .string("P-384")), .unsupportedKey),
        (PublicKeyTests.ec.with("d", .string("AA")), .privateMember),
        (PublicKeyTests.okp.with("x", .string(Base64URL.encode([UInt8](repeating: 0, count: 32)))), .weakKey),
        (["kty": .string("RSA"), "n": .string("AQAB"), "e": .string("AQAB")], .weakKey),
    ]

    @Test(arguments: malformed)
    func whatIsMalformedIsRefusedWhenItIsRead(jwk: JSONObject, error: CryptoError) {
        #expect(throws: error) { try PublicKey(registered: jwk) }
    }

    @Test func aPointOffTheCurveNeverVerifiesAndIsNotKept() throws {
        #expect(throws: CryptoError.invalidKey) { try PublicKey(jwk: Self.offCurve) }
        let key = try PublicKey(registered: Self.offCurve)
        let signature = try PrivateKey.generate(.es256).sign(Self.message)
        for _ in 0..<3 { #expect(!key.verify(signature, over: Self.message, with: .es256)) }
        let cache = KeyHandleCache(capacity: 4)
        #expect(cache.parsed(key) == nil)
        #expect(cache.count == 0)
    }

    @Test func theCacheIsBoundedAndKeepsWhatIsUsed() throws {
        let cache = KeyHandleCache(capacity: 4)
        let hot = try PrivateKey.generate(.es256).publicKey.registered
        let first = try #require(cache.parsed(hot))
        for _ in 0..<40 {
            let cold = try PrivateKey.generate(.edDSA).publicKey.registered
            #expect(cache.parsed(cold) != nil)
            #expect(cache.parsed(hot) === first, "a key in use was parsed again")
            #expect(cache.count <= 8)
        }
    }

    @Test func whatWasForgottenIsParsedAgain() throws {
        let cache = KeyHandleCache(capacity: 1)
        let keys = try (0..<4).map { _ in try PrivateKey.generate(.edDSA).publicKey.registered }
        let first = try #require(cache.parsed(keys[0]))
        for key in keys { #expect(cache.parsed(key) != nil) }
        let again = try #require(cache.parsed(keys[0]))
        #expect(again !== first)
    }
}
