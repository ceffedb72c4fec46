import MayflyCrypto
import MayflyModel
import Testing

/// Signatures that others published.
@Suite struct SignatureVectorTests {
    @Test func theRFCsTokensVerifyWithTheirKeysAlone() throws {
        let vectors = try Vectors.read("rfc-jose/vectors.json").objects("signed")
        let keys = try vectors.map { try PublicKey(jwk: try $0.object("jwk")) }
        for (index, vector) in vectors.enumerated() {
            let name = try vector.text("name")
            let jws = try JWS.parse(Array(try vector.text("compact").utf8))
            #expect(jws.algorithm?.rawValue == (try vector.text("alg")))
            for (other, key) in keys.enumerated() {
                #expect(jws.isSigned(by: key) == (other == index), "\(name), key \(other)")
            }
        }
    }

    @Test func theFirstRFCTokenHoldsItsClaims() throws {
        let vector = try #require(try Vectors.read("rfc-jose/vectors.json").objects("signed").first)
        let claims = try JWS.parse(Array(try vector.text("compact").utf8)).claims()
        #expect(claims["iss"] == .string("joe"))
        #expect(claims["exp"] == .integer(1_300_819_380))
    }

    @Test func theCookbooksRS256AndEdDSAExamplesVerify() throws {
        for name in ["jws/4_1.rsa_v15_signature.json", "curve25519/jws.json"] {
            let example = try Vectors.read("jose-cookbook/\(name)")
            let input = try example.object("input")
            let jwk = try input.object("key")
            var bare = JSONObject()
            for member in ["kty", "crv", "x", "n", "e"] { bare[member] = jwk[member] }
            let jws = try JWS.parse(Array(try example.object("output").text("compact").utf8))
            #expect(jws.isSigned(by: try PublicKey(jwk: bare)), "\(name)")
            #expect(jws.payload == Array(try input.text("payload").utf8))
            #expect(throws: CryptoError.privateMember) { try PublicKey(jwk: jwk) }
        }
    }

    @Test(arguments: ["4_2.rsa-pss_signature", "4_3.ecdsa_signature", "4_4.hmac-sha2_integrity_protection"])
    func theCookbooksOtherAlgorithmsAreRefused(name: String) throws {
        let output = try Vectors.read("jose-cookbook/jws/\(name).json").object("output")
        #expect(throws: JWSError.algorithm) { try JWS.parse(Array(try output.text("compact").utf8)) }
    }

    @Test func ourRSAAndEd25519SignaturesEqualTheReproducibleExamples() throws {
        let keys = try Vectors.read("mayfly-jose/vectors.json").object("keys")
        for (name, file) in [
            ("rfc7520-rsa", "jws/4_1.rsa_v15_signature.json"), ("rfc8037-a1-ed25519", "curve25519/jws.json"),
        ] {
            let example = try Vectors.read("jose-cookbook/\(file)")
            let signing = try example.object("signing")
            let key = try PrivateKey(pem: Array(try keys.text(name).utf8))
            let compact = try JWS.sign(
                payload: Array(try example.object("input").text("payload").utf8), type: nil,
                keyID: signing.object("protected")["kid"]?.stringValue, with: key)
            #expect(compact == (try example.object("output").text("compact")), "\(name)")
        }
    }

    @Test func onlyTheSaltAsLongAsTheHashVerifiesUnderPS256() throws {
        let pss = try Vectors.read("mayfly-jose/vectors.json").object("pss")
        let key = try PublicKey(jwk: try PublicKeyTests.rsa())
        for vector in try pss.objects("cases") {
            let name = try vector.text("name")
            let signature = try #require(Base64URL.decode(try vector.text("signature")))
            let message = Array(try pss.text("message").utf8)
            #expect(
                key.verify(signature, over: message, with: .ps256) == vector["valid"]?.boolValue,
                "\(name)")
            #expect(!key.verify(signature, over: message, with: .rs256))
        }
    }

    @Test(arguments: [
        ("ecdsa_secp256r1_sha256_p1363_test", "publicKeyJwk", SignatureAlgorithm.es256),
        ("rsa_signature_2048_sha256_test", "keyJwk", .rs256),
        ("rsa_pss_2048_sha256_mgf1_32_test", "publicKeyJwk", .ps256),
        ("ed25519_test", "publicKeyJwk", .edDSA),
    ])
    func wycheproofAgrees(file: String, member: String, algorithm: SignatureAlgorithm) throws {
        var checked = 0
        for group in try Vectors.read("wycheproof/\(file).json").objects("testGroups") {
            let jwk = try group[member]?.objectValue ?? Self.jwk(point: try group.object("publicKey"))
            guard jwk["e"] != .string("Aw") else {
                // Two groups of one test each use the exponent 3, which we refuse.
                #expect(throws: CryptoError.weakKey) { try PublicKey(jwk: jwk) }
                continue
            }
            let key = try PublicKey(jwk: jwk)
            for vector in try group.objects("tests") {
                let holds = key.verify(
                    try bytes(hex: try vector.text("sig")), over: try bytes(hex: try vector.text("msg")),
                    with: algorithm)
                // "acceptable" is a PKCS#1 encoding without NULL, which a strict verifier refuses.
                #expect(
                    holds == (try vector.text("result") == "valid"), "\(file) \(String(describing: vector["tcId"]))")
                checked += 1
            }
        }
        #expect(checked > 100)
    }

    @Test func wycheproofsTokensAgree() throws {
        var accepted = 0
        var refused = 0
        for group in try Vectors.read("wycheproof/json_web_signature_test.json").objects("testGroups") {
            guard let jwk = group["public"]?.objectValue, let key = try? PublicKey(jwk: jwk) else { continue }
            for vector in try group.objects("tests") {
                let token = Array(try vector.text("jws").utf8)
                let parsed = Result { () throws(JWSError) -> JWS in try JWS.parse(token) }
                // Some groups name one algorithm in the key and use a longer hash in the token; we have one hash.
                if case .failure(.algorithm) = parsed { continue }
                let holds = (try? parsed.get())?.isSigned(by: key) ?? false
                #expect(holds == (try vector.text("result") == "valid"), "\(String(describing: vector["tcId"]))")
                if holds { accepted += 1 } else { refused += 1 }
            }
        }
        #expect(accepted > 0 && refused > 100, "\(accepted) accepted, \(refused) refused")
    }

    /// The JWK of a P-256 key that is given as an uncompressed point alone.
    private static func jwk(point: JSONObject) throws -> JSONObject {
        let point = try bytes(hex: try point.text("uncompressed"))
        try #require(point.count == 65)
        return [
            "kty": .string("EC"), "crv": .string("P-256"), "x": .string(Base64URL.encode(point[1..<33])),
            "y": .string(Base64URL.encode(point[33...])),
        ]
    }
}
