import MayflyCrypto
import MayflyModel
import Testing

@Suite struct PublicKeyTests {
    static let ec: JSONObject = [
        "kty": .string("EC"), "crv": .string("P-256"),
        "x": .string("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        "y": .string("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
    ]
    static let okp: JSONObject = [
        "kty": .string("OKP"), "crv": .string("Ed25519"),
        "x": .string("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
    ]

    static func rsa(modulus: [UInt8]? = nil, exponent: [UInt8]? = nil) throws -> JSONObject {
        var key = try Vectors.read("jose-cookbook/jwk/3_3.rsa_public_key.json")
        if let modulus { key["n"] = .string(Base64URL.encode(modulus)) }
        if let exponent { key["e"] = .string(Base64URL.encode(exponent)) }
        return key
    }

    static func modulus(bits: Int) -> [UInt8] {
        let length = (bits + 7) / 8
        return [UInt8](repeating: 0xA5, count: length).enumerated().map { index, byte in
            index == 0 ? 1 << UInt8((bits - 1) % 8) : index == length - 1 ? byte | 1 : byte
        }
    }

    // MARK: What a key says about itself

    @Test func thumbprintsMatchTheRFCs() throws {
        for vector in try Vectors.read("rfc-jose/vectors.json").objects("thumbprints") {
            let name = try vector.text("name")
            let key = try PublicKey(jwk: try vector.object("jwk"))
            #expect(key.thumbprint == (try vector.text("thumbprint")), "\(name)")
        }
    }

    @Test func theTypeDecidesTheAlgorithmsAndAlgPicksOne() throws {
        #expect(try PublicKey(jwk: Self.ec).algorithms == [.es256])
        #expect(try PublicKey(jwk: Self.okp).algorithms == [.edDSA])
        #expect(try PublicKey(jwk: Self.rsa()).algorithms == [.rs256, .ps256])
        #expect(try PublicKey(jwk: Self.rsa().with("alg", .string("PS256"))).algorithms == [.ps256])
        #expect(try PublicKey(jwk: Self.ec.with("alg", .string("ES256"))).algorithms == [.es256])
    }

    @Test func theJWKHoldsThePublicMembersAlone() throws {
        let decorated = Self.ec.with("kid", .string("1")).with("alg", .string("ES256")).with("use", .string("sig"))
            .with("x5u", .string("https://example.com/")).with("key_ops", .array([.string("verify")]))
        let key = try PublicKey(jwk: decorated)
        #expect(key.jwk == Self.ec)
        #expect(try PublicKey(jwk: key.jwk) == key)
        #expect(try PublicKey(jwk: Self.rsa()).jwk.names == ["kty", "n", "e"])
        #expect(try PublicKey(jwk: Self.okp).jwk == Self.okp)
    }

    @Test func rawEd25519KeysAreTheSameKeys() throws {
        let raw = try #require(Base64URL.decode(try Self.okp.text("x")))
        let key = try PublicKey(ed25519Raw: raw)
        #expect(key == (try PublicKey(jwk: Self.okp)))
        #expect(key.ed25519Raw == raw)
        #expect(try PublicKey(jwk: Self.ec).ed25519Raw == nil)
        #expect(throws: CryptoError.invalidKey) { try PublicKey(ed25519Raw: Array(raw.dropLast())) }
    }

    @Test func equalityIsTheKeyAndItsAlgorithms() throws {
        let both = try PublicKey(jwk: try Self.rsa())
        #expect(both == (try PublicKey(jwk: try Self.rsa())))
        #expect(both != (try PublicKey(jwk: try Self.rsa().with("alg", .string("RS256")))))
        #expect(both != (try PublicKey(jwk: Self.ec)))
    }

    // MARK: What is refused

    static let forbidden: [(String, JSONValue?, CryptoError)] = [
        ("d", .string("AA"), .privateMember), ("p", .string("AA"), .privateMember),
        ("q", .string(""), .privateMember), ("dp", .null, .privateMember), ("dq", .integer(1), .privateMember),
        ("qi", .string("AA"), .privateMember), ("oth", .array([]), .privateMember),
        ("k", .string("AA"), .privateMember),
        ("use", .string("enc"), .forbiddenUse), ("use", .string("SIG"), .forbiddenUse), ("use", .null, .invalidKey),
        ("key_ops", .array([.string("sign")]), .forbiddenUse), ("key_ops", .array([]), .forbiddenUse),
        ("key_ops", .string("verify"), .invalidKey),
        ("alg", .string("RS256"), .forbiddenUse), ("alg", .string("HS256"), .forbiddenUse),
        ("alg", .string("es256"), .forbiddenUse), ("alg", .string("none"), .forbiddenUse),
        ("alg", .integer(1), .invalidKey),
        ("kty", nil, .invalidKey), ("kty", .string("oct"), .unsupportedKey), ("kty", .string("ec"), .unsupportedKey),
        ("kty", .string("RSA"), .invalidKey), ("crv", nil, .invalidKey), ("crv", .string("P-384"), .unsupportedKey),
        ("crv", .string("secp256k1"), .unsupportedKey), ("crv", .string("p-256"), .unsupportedKey),
        ("y", nil, .invalidKey), ("y", .string(""), .invalidKey), ("x", .integer(5), .invalidKey),
        // Off the curve: y with its last bit changed.
        ("y", .string("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5aw"), .invalidKey),
        // One octet short, one octet long with a leading zero, padded, standard alphabet, unused bits set.
        ("x", .string("zc4ncPbEXUGDy-5v20t7WAczNXvp7xO6z248e9FURQ"), .invalidKey),
        ("x", .string("AH_NzidwxsRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF"), .invalidKey),
        ("x", .string("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU="), .invalidKey),
        ("y", .string("x/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0"), .invalidKey),
        ("x", .string("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV"), .invalidKey),
        // x = p, which is 0 outside the field.
        ("x", .string("_____wAAAAEAAAAAAAAAAAAAAAD_______________8"), .invalidKey),
    ]

    @Test(arguments: forbidden)
    func anECKeyWithAForbiddenMemberIsRefused(name: String, value: JSONValue?, error: CryptoError) {
        #expect(throws: error) { try PublicKey(jwk: Self.ec.with(name, value)) }
    }

    @Test func zeroIsNoPoint() {
        let zero = JSONValue.string(Base64URL.encode([UInt8](repeating: 0, count: 32)))
        #expect(throws: CryptoError.invalidKey) { try PublicKey(jwk: Self.ec.with("x", zero).with("y", zero)) }
    }

    @Test func namesAreComparedAsBytes() {
        // U+212A, the Kelvin sign, is canonically equivalent to K.
        #expect(throws: CryptoError.unsupportedKey) {
            try PublicKey(jwk: Self.okp.with("kty", .string("O\u{212A}P")))
        }
        #expect(SignatureAlgorithm(exactly: "es256") == nil)
        #expect(SignatureAlgorithm(exactly: "ES256 ") == nil)
    }

    @Test(arguments: [
        (1024, CryptoError.weakKey), (2047, .weakKey), (4097, .unsupportedKey), (6000, .unsupportedKey),
        (8192, .invalidKey),
    ])
    func anRSAModulusOutsideTheRangeIsRefused(bits: Int, error: CryptoError) {
        #expect(throws: error) { try PublicKey(jwk: try Self.rsa(modulus: Self.modulus(bits: bits))) }
    }

    @Test(arguments: [2048, 3072, 4096])
    func anRSAModulusInsideTheRangeIsTaken(bits: Int) throws {
        _ = try PublicKey(jwk: try Self.rsa(modulus: Self.modulus(bits: bits)))
    }

    @Test func aRealWeakRSAKeyIsRefused() throws {
        let key = try Vectors.read("mayfly-jose/vectors.json").object("rsa_1024")
        #expect(throws: CryptoError.weakKey) { try PublicKey(jwk: key) }
    }

    @Test func misspelledOrEvenRSANumbersAreRefused() throws {
        let modulus = Self.modulus(bits: 2048)
        #expect(throws: CryptoError.invalidKey) { try PublicKey(jwk: try Self.rsa(modulus: [0] + modulus)) }
        #expect(throws: CryptoError.invalidKey) { try PublicKey(jwk: try Self.rsa(modulus: modulus.dropLast() + [2])) }
        #expect(throws: CryptoError.invalidKey) { try PublicKey(jwk: try Self.rsa(modulus: [])) }
    }

    @Test(
        arguments: [
            ([], CryptoError.invalidKey), ([0, 1, 0, 1], .invalidKey), ([1, 0, 0], .invalidKey), ([1], .weakKey),
            ([3], .weakKey), ([0xFF, 0xFF], .weakKey), ([1, 0, 0, 0, 0, 0, 0, 0, 1], .unsupportedKey),
        ] as [([UInt8], CryptoError)])
    func anUnsafeRSAExponentIsRefused(exponent: [UInt8], error: CryptoError) {
        #expect(throws: error) { try PublicKey(jwk: try Self.rsa(exponent: exponent)) }
    }

    @Test(arguments: [
        ("0000000000000000000000000000000000000000000000000000000000000000", CryptoError.weakKey),
        ("0000000000000000000000000000000000000000000000000000000000000080", .weakKey),
        ("0100000000000000000000000000000000000000000000000000000000000000", .weakKey),
        ("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", .weakKey),
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", .weakKey),
        ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", .weakKey),
        ("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", .invalidKey),
        ("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", .invalidKey),
    ])
    func anEd25519PointOfSmallOrderOrWithTwoSpellingsIsRefused(hex: String, error: CryptoError) {
        #expect(throws: error) { try PublicKey(ed25519Raw: try bytes(hex: hex)) }
    }

    @Test func otherKindsOfPublishedKeysAreRefused() throws {
        for (name, error) in [
            ("3_1.ec_public_key", CryptoError.unsupportedKey), ("3_2.ec_private_key", .privateMember),
            ("3_4.rsa_private_key", .privateMember), ("3_5.symmetric_key_mac_computation", .privateMember),
        ] {
            let jwk = try Vectors.read("jose-cookbook/jwk/\(name).json")
            #expect(throws: error, "\(name)") { try PublicKey(jwk: jwk) }
        }
    }
}
