import MayflyCrypto
import MayflyModel

/// Checks an access token as a tool does that asks nobody (RFC 9068 §4): form, key, signature, issuer, audience, time.
struct OfflineCheck {
    let issuer: String
    /// Nil accepts a token for any resource.
    let audience: String?
    /// The broker's JWK set.
    let keys: JSONObject
    let now: Timestamp

    /// Why a token does not pass.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case malformed(JWSError)
        case wrongType
        case unknownKey
        case badSignature
        case wrongIssuer
        case wrongAudience
        case expired
        case notYetIssued

        var description: String {
            switch self {
            case .malformed(let error): "it is malformed: \(error)"
            case .wrongType: "it is not an access token (typ at+jwt)"
            case .unknownKey: "its key is not in the broker's JWK set"
            case .badSignature: "its signature does not hold"
            case .wrongIssuer: "it is from another issuer"
            case .wrongAudience: "it is for another resource"
            case .expired: "it has expired"
            case .notYetIssued: "it was issued in the future; check the clocks"
            }
        }
    }

    /// How far the broker's clock may be ahead, in seconds.
    private static let skew: Int64 = 30

    func claims(of compact: [UInt8]) throws(Failure) -> JSONObject {
        let jws: JWS
        let claims: JSONObject
        do {
            jws = try JWS.parse(compact)
            claims = try jws.claims()
        } catch {
            throw .malformed(error)
        }
        guard jws.type == "at+jwt" else { throw .wrongType }
        guard let key = key(jws.keyID) else { throw .unknownKey }
        guard jws.isSigned(by: key) else { throw .badSignature }
        guard same(claims["iss"], issuer) else { throw .wrongIssuer }
        if let audience { guard same(claims["aud"], audience) else { throw .wrongAudience } }
        guard let expires = claims["exp"]?.integerValue, now.seconds < expires else { throw .expired }
        guard let issued = claims["iat"]?.integerValue, issued <= now.seconds + Self.skew else { throw .notYetIssued }
        return claims
    }

    private func key(_ keyID: String?) -> PublicKey? {
        let jwks = (keys["keys"]?.arrayValue ?? []).compactMap(\.objectValue)
        guard let keyID, let jwk = jwks.first(where: { same($0["kid"], keyID) }) else { return nil }
        return try? PublicKey(jwk: jwk)
    }

    private func same(_ value: JSONValue?, _ text: String) -> Bool {
        value?.stringValue.map { $0.utf8.elementsEqual(text.utf8) } ?? false
    }
}
