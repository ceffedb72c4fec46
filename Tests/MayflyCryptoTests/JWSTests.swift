import MayflyCrypto
import MayflyModel
import Testing

@Suite struct JWSTests {
    static let key = Result { try PrivateKey.generate(.es256) }

    /// A token with this header text, signed for real, so that only the header's form can be the reason to refuse it.
    static func token(header: String, payload: String = "{}", key: PrivateKey? = nil) throws -> String {
        try token(header: Array(header.utf8), payload: Array(payload.utf8), key: key)
    }

    static func token(header: [UInt8], payload: [UInt8], key: PrivateKey? = nil) throws -> String {
        let signed = "\(Base64URL.encode(header)).\(Base64URL.encode(payload))"
        let signature = try (key ?? Self.key.get()).sign(Array(signed.utf8))
        return "\(signed).\(Base64URL.encode(signature))"
    }

    static func parse(_ text: String) throws(JWSError) -> JWS {
        try JWS.parse(Array(text.utf8))
    }

    // MARK: Accepted

    @Test func whatWeSignParsesBackAndVerifies() throws {
        let key = try Self.key.get()
        let payload = Array(#"{"iss":"https://mayfly.example","exp":1}"#.utf8)
        let text = try JWS.sign(payload: payload, type: "at+jwt", keyID: "k1", with: key)
        let header = #"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#
        #expect(text.hasPrefix(Base64URL.encode(Array(header.utf8)) + "."))
        let jws = try Self.parse(text)
        #expect(jws.algorithm == .es256)
        #expect(jws.type == "at+jwt")
        #expect(jws.keyID == "k1")
        #expect(jws.payload == payload)
        #expect(jws.signature.count == 64)
        #expect(jws.isSigned(by: key.publicKey))
        #expect(try jws.claims()["exp"] == .integer(1))
    }

    @Test func typAndKidMayBeAbsent() throws {
        let key = try Self.key.get()
        let jws = try Self.parse(try JWS.sign(payload: [], type: nil, keyID: nil, with: key))
        #expect(jws.header == ["alg": .string("ES256")])
        #expect(jws.type == nil && jws.keyID == nil && jws.payload.isEmpty)
        #expect(jws.isSigned(by: key.publicKey))
        #expect(throws: JWSError.payload(.unexpectedEnd)) { try jws.claims() }
    }

    @Test(arguments: [
        ("at+jwt", "at+jwt"), ("AT+JWT", "at+jwt"), ("application/at+jwt", "at+jwt"),
        ("APPLICATION/At+Jwt", "at+jwt"), ("JWT", "jwt"), ("text/plain", "text/plain"),
        ("application/a/b", "application/a/b"), ("applications/at+jwt", "applications/at+jwt"),
    ])
    func typIsComparedAsAMediaType(written: String, read: String) throws {
        #expect(try Self.parse(Self.token(header: #"{"alg":"ES256","typ":"\#(written)"}"#)).type == read)
    }

    /// Text that would be dangerous as a path, a query, a URL or a C string stays text.
    @Test(arguments: [
        "../../../../dev/null", "' OR 1=1 --", "https://attacker.example/jwks", "a\\u0000b", "|/bin/id", "",
        "\u{1F511}",
    ])
    func kidIsDataAlone(kid: String) throws {
        let jws = try Self.parse(Self.token(header: #"{"alg":"ES256","kid":"\#(kid)"}"#))
        #expect(jws.keyID == kid.replacing("\\u0000", with: "\0"))
        #expect(jws.isSigned(by: try Self.key.get().publicKey))
    }

    @Test func anEmbeddedKeyOrURLChangesNothing() throws {
        let attacker = try PrivateKey.generate(.es256)
        let jwk = String(
            decoding: JSONWriter.bytes(of: .object(attacker.publicKey.jwk)), as: UTF8.self)
        let url = "https://attacker.example/"
        let header = #"{"alg":"ES256","jwk":\#(jwk),"jku":"\#(url)","x5u":"\#(url)","x5c":["AA=="]}"#
        let jws = try Self.parse(Self.token(header: header, key: attacker))
        #expect(!jws.isSigned(by: try Self.key.get().publicKey))
        #expect(jws.keyID == nil)
    }

    // MARK: Refused

    static let none = [
        "none", "None", "NONE", "noNE", "nOnE", "", " ES256", "ES256 ", "es256", "Es256", "HS256", "hs256", "HS512",
        "RS512", "RS384", "ES384", "ES512", "ES256K", "PS512", "EDDSA", "Ed25519", "Ed448", "RSA-OAEP", "dir",
        "\\u0045S256\\u0000",
    ]

    @Test(arguments: none)
    func anAlgorithmOutsideTheListIsRefused(name: String) throws {
        let text = try Self.token(header: #"{"alg":"\#(name)"}"#)
        #expect(throws: JWSError.algorithm) { try Self.parse(text) }
    }

    @Test func anEmptySignatureIsRefusedWhateverAlgSays() throws {
        for name in ["none", "ES256", "HS256"] {
            let header = Base64URL.encode(Array(#"{"alg":"\#(name)"}"#.utf8))
            #expect(throws: JWSError.malformed) { try Self.parse("\(header).e30.") }
        }
    }

    @Test func anotherAlgorithmThanTheKeysIsNotSigned() throws {
        let rsa = try PrivateKey.generate(.rs256)
        let text = try Self.token(header: #"{"alg":"PS256"}"#, key: rsa)
        #expect(!(try Self.parse(text).isSigned(by: rsa.publicKey)))
        let ec = try Self.token(header: #"{"alg":"RS256"}"#)
        #expect(!(try Self.parse(ec).isSigned(by: try Self.key.get().publicKey)))
    }

    @Test(arguments: [
        (#"{}"#, JWSError.algorithm), (#"{"alg":null}"#, .algorithm), (#"{"alg":1}"#, .algorithm),
        (#"{"alg":["ES256"]}"#, .algorithm), (#"{"ALG":"ES256"}"#, .algorithm),
        (#"{"alg":"ES256","alg":"ES256"}"#, .header(.duplicateName(offset: 20))),
        (#"{"alg":"none","\u0061lg":"ES256"}"#, .header(.duplicateName(offset: 24))),
        (#"{"alg":"ES256"}{}"#, .header(.trailingBytes(offset: 15))), (#"["ES256"]"#, .header(.notAnObject)),
        (#""ES256""#, .header(.notAnObject)), ("", .header(.unexpectedEnd)), ("{", .header(.unexpectedEnd)),
        (#"{"alg":"ES256","crit":["exp"],"exp":1}"#, .criticalHeader), (#"{"alg":"ES256","crit":[]}"#, .criticalHeader),
        (#"{"alg":"ES256","crit":["a","a"],"a":1}"#, .criticalHeader),
        (#"{"alg":"ES256","crit":["alg"]}"#, .criticalHeader), (#"{"alg":"ES256","crit":["b"]}"#, .criticalHeader),
        (#"{"alg":"ES256","crit":null}"#, .criticalHeader), (#"{"alg":"ES256","crit":"exp"}"#, .criticalHeader),
        (#"{"alg":"ES256","crit":["b64"],"b64":false}"#, .criticalHeader),
        (#"{"alg":"ES256","b64":true}"#, .criticalHeader),
        (#"{"alg":"ES256","typ":1}"#, .type), (#"{"alg":"ES256","typ":""}"#, .type),
        (#"{"alg":"ES256","typ":null}"#, .type), (#"{"alg":"ES256","typ":"application/"}"#, .type),
        (#"{"alg":"ES256","typ":"at+jwt; v=1"}"#, .type), (#"{"alg":"ES256","typ":"at+jwt "}"#, .type),
        (#"{"alg":"ES256","typ":"to\#u{212A}en"}"#, .type),
        (#"{"alg":"ES256","kid":1}"#, .keyID), (#"{"alg":"ES256","kid":null}"#, .keyID),
    ])
    func aHeaderOutsideTheRulesIsRefused(header: String, error: JWSError) throws {
        let text = try Self.token(header: header)
        #expect(throws: error) { try Self.parse(text) }
    }

    @Test func kidAndTypAreBounded() throws {
        let longest = String(repeating: "k", count: JWS.maximumKeyIDLength)
        #expect(try Self.parse(Self.token(header: #"{"alg":"ES256","kid":"\#(longest)"}"#)).keyID == longest)
        let kid = try Self.token(header: #"{"alg":"ES256","kid":"\#(longest)k"}"#)
        #expect(throws: JWSError.keyID) { try Self.parse(kid) }
        let type = String(repeating: "t", count: JWS.maximumTypeLength + 1)
        let typ = try Self.token(header: #"{"alg":"ES256","typ":"\#(type)"}"#)
        #expect(throws: JWSError.type) { try Self.parse(typ) }
    }

    @Test func invalidUTF8InTheHeaderIsRefused() throws {
        let text = try Self.token(
            header: Array(#"{"alg":"ES256","kid":""#.utf8) + [0xC0, 0xAF, 0x22, 0x7D], payload: [])
        #expect(throws: JWSError.header(.invalidUTF8)) { try Self.parse(text) }
    }

    /// Every other spelling of one signed token, or another serialization.
    static let respelled: [(String, @Sendable (String) -> String)] = [
        ("empty", { _ in "" }), ("dots alone", { _ in ".." }), ("four dots", { _ in "...." }),
        ("padding", { $0 + "==" }), ("leading space", { " " + $0 }), ("trailing newline", { $0 + "\n" }),
        ("inner newline", { $0.replacing(".", with: ".\n") }), ("tab", { $0.replacing(".", with: "\t.") }),
        ("NUL", { $0 + "\0" }), ("Bearer", { "Bearer " + $0 }), ("percent", { $0.replacing(".", with: "%2E") }),
        ("fourth part", { $0 + ".AA" }), ("trailing dot", { $0 + "." }), ("leading dot", { "." + $0 }),
        ("five parts", { $0 + ".AA.AA" }), ("one part", { $0.replacing(".", with: "") }),
        ("two parts", { String($0[..<($0.lastIndex(of: ".") ?? $0.endIndex)]) }),
        ("impossible length", { String($0.dropLast()) + "AAAA" }),
        ("foreign letter", { $0.replacing(".", with: ".\u{E9}") }),
        ("standard alphabet", { $0.replacing("-", with: "+").replacing("_", with: "/") }),
        ("JSON", { #"{"payload":"e30","signatures":[{"signature":"\#($0)"}]}"# }),
        (
            "flattened JSON",
            {
                let parts = $0.split(separator: ".")
                return #"{"payload":"\#(parts[1])","protected":"\#(parts[0])","signature":"\#(parts[2])"}"#
            }
        ),
        ("quoted", { "\"\($0)\"" }), ("unused bits", { String($0.dropLast()) + "B" }),
    ]

    @Test(arguments: respelled.map(\.0))
    func anotherSpellingIsRefused(name: String) throws {
        let respell = try #require(Self.respelled.first { $0.0 == name }).1
        // A signature with both special characters, the last one without unused bits set.
        var text = ""
        repeat { text = try Self.token(header: #"{"alg":"ES256"}"#) } while !(text.contains("-") && text.contains("_"))
        #expect(try Self.parse(text).isSigned(by: try Self.key.get().publicKey))
        #expect(throws: JWSError.malformed) { try Self.parse(respell(text)) }
    }

    @Test func lengthIsBounded() throws {
        let key = try Self.key.get()
        #expect(throws: JWSError.tooLong) { try Self.parse(String(repeating: "A", count: JWS.maximumLength + 1)) }
        #expect(throws: CryptoError.tooLong) {
            try JWS.sign(payload: [UInt8](repeating: 0x20, count: 6100), type: nil, keyID: nil, with: key)
        }
        let large = try JWS.sign(payload: [UInt8](repeating: 0x20, count: 6000), type: nil, keyID: nil, with: key)
        #expect(try Self.parse(large).isSigned(by: key.publicKey))
    }

    @Test func claimsAreOneStrictObject() throws {
        for (payload, error) in [
            (#"{"a":1,"a":2}"#, JSONError.duplicateName(offset: 10)), ("[]", .notAnObject),
            ("{} {}", .trailingBytes(offset: 3)), ("x", .unexpectedByte(offset: 0)),
        ] {
            let jws = try Self.parse(Self.token(header: #"{"alg":"ES256"}"#, payload: payload))
            #expect(throws: JWSError.payload(error)) { try jws.claims() }
        }
    }
}
