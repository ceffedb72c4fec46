import MayflyCrypto
import MayflyModel
import Testing

@testable import mayfly

@Suite struct OfflineCheckTests {
    private static let issuer = "https://mayfly.example.com"
    private let key: PrivateKey
    private let keys: JSONObject

    init() throws {
        key = try PrivateKey.generate(.es256)
        var jwk = key.publicKey.jwk
        jwk["kid"] = .string(key.publicKey.thumbprint)
        keys = ["keys": .array([.object(jwk)])]
    }

    private func token(
        type: String = "at+jwt", issuer: String = issuer, audience: String = "https://tickets.example.com",
        issued: Int64 = 1000, expires: Int64 = 1300, key: PrivateKey? = nil
    ) throws -> [UInt8] {
        let claims: JSONObject = [
            "iss": .string(issuer), "aud": .string(audience), "iat": .integer(issued), "exp": .integer(expires),
        ]
        let compact = try JWS.sign(
            payload: JSONWriter.bytes(of: .object(claims)), type: type, keyID: self.key.publicKey.thumbprint,
            with: key ?? self.key)
        return Array(compact.utf8)
    }

    private func check(
        _ token: [UInt8], at second: Int64 = 1100, audience: String? = "https://tickets.example.com"
    ) -> OfflineCheck.Failure? {
        let check = OfflineCheck(
            issuer: Self.issuer, audience: audience, keys: keys, now: Timestamp(seconds: second))
        do throws(OfflineCheck.Failure) {
            _ = try check.claims(of: token)
            return nil
        } catch {
            return error
        }
    }

    @Test func aFreshTokenForTheRightToolPasses() throws {
        #expect(check(try token()) == nil)
        #expect(check(try token(), audience: nil) == nil)
    }

    @Test func eachClaimIsChecked() throws {
        #expect(check(try token(type: "mayfly-ticket+jwt")) == .wrongType)
        #expect(check(try token(issuer: "https://other.example.com")) == .wrongIssuer)
        #expect(check(try token(audience: "https://other.example.com")) == .wrongAudience)
        #expect(check(try token(), at: 1300) == .expired)
        #expect(check(try token(), at: 969) == .notYetIssued)
        #expect(check(try token(), at: 970) == nil)
        #expect(check(try token(key: try PrivateKey.generate(.es256))) == .badSignature)
        #expect(check(Array("a.b".utf8)) == .malformed(.malformed))
    }

    @Test func aKeyThatIsNotInTheSetIsNotLookedForElsewhere() throws {
        let other = try PrivateKey.generate(.es256)
        let compact = try JWS.sign(
            payload: Array("{}".utf8), type: "at+jwt", keyID: other.publicKey.thumbprint, with: other)
        #expect(check(Array(compact.utf8)) == .unknownKey)
    }
}
