import MayflyModel

/// The claims of a client assertion (RFC 7523 §3), or nothing when one is missing or out of shape.
struct AssertionClaims {
    let subject: String
    let audience: String
    let tokenID: String
    /// Whole seconds; a fractional NumericDate is rounded towards refusal.
    let expiresAt: Int64
    let issuedAt: Int64?
    let notBefore: Int64?

    /// 9999-12-31T23:59:59Z; a later date is nonsense and would overflow sums.
    private static let latestSecond: Int64 = 253_402_300_799

    init?(_ claims: JSONObject) {
        guard let issuer = claims["iss"]?.stringValue, let subject = claims["sub"]?.stringValue,
            issuer.utf8.elementsEqual(subject.utf8)
        else { return nil }
        // The issuer as sole value, as a string or as an array of one (rfc7523bis).
        let audiences = claims["aud"]?.stringValue.map { [$0] } ?? claims["aud"]?.stringArrayValue ?? []
        guard let audience = audiences.first, audiences.count == 1 else { return nil }
        guard let tokenID = claims["jti"]?.stringValue,
            (1...ClientAuthenticator.maximumAssertionIDLength).contains(tokenID.utf8.count)
        else { return nil }
        guard let expiresAt = Self.seconds(claims["exp"], up: false) else { return nil }
        if let value = claims["iat"] {
            guard let second = Self.seconds(value, up: true) else { return nil }
            issuedAt = second
        } else {
            issuedAt = nil
        }
        if let value = claims["nbf"] {
            guard let second = Self.seconds(value, up: true) else { return nil }
            notBefore = second
        } else {
            notBefore = nil
        }
        (self.subject, self.audience, self.tokenID, self.expiresAt) = (subject, audience, tokenID, expiresAt)
    }

    /// A NumericDate as whole seconds; it may have a fraction (RFC 7519 §2), but no exponent.
    static func seconds(_ value: JSONValue?, up: Bool) -> Int64? {
        switch value {
        case .integer(let second):
            return (0...latestSecond).contains(second) ? second : nil
        case .number(let literal):
            let parts = literal.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let second = Int64(parts[0]), (0..<latestSecond).contains(second) else {
                return nil
            }
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return up ? second + 1 : second
        default:
            return nil
        }
    }
}
