@testable import MayflyBroker
import MayflyModel

/// Claims that were read say the same once they are written again, and their numbers stay in range.
enum ClaimsCheck {
    /// 9999-12-31T23:59:59Z.
    private static let latestSecond: Int64 = 253_402_300_799

    static func run(_ bytes: [UInt8]) {
        guard let object = try? JSONParser.parseObject(bytes) else { return }
        run(object)
    }

    static func run(_ object: JSONObject) {
        if let claims = try? TokenClaims(object) { check(claims) }
        if let claims = AssertionClaims(object) { check(claims) }
    }

    private static func check(_ claims: TokenClaims) {
        for time in [claims.issuedAt, claims.expiresAt, claims.grantedUntil ?? 0] {
            require((0...latestSecond).contains(time), "times are in range")
        }
        require(claims.epoch >= 0 && claims.chain.allSatisfy { $0.epoch >= 0 }, "epochs count up from 0")
        require(claims.chain.count <= Int(RegistryLimits.maximumDepth) + 1, "the chain is bounded")
        require(claims.details.count <= DetailSet.maximumCount, "details are bounded")

        let written = claims.encoded()
        let again = require("written claims are read again") { try TokenClaims(JSONParser.parseObject(written)) }
        require(again.encoded() == written, "one set of claims is written one way")
        // What the broker never writes, such as a task without a chain, is not kept.
        guard !claims.chain.isEmpty, claims.epoch == 0 else { return }
        require(again == claims, "claims survive being written")
    }

    private static func check(_ claims: AssertionClaims) {
        for time in [claims.expiresAt, claims.issuedAt ?? 0, claims.notBefore ?? 0] {
            require((0...latestSecond).contains(time), "times are in range")
        }
        let length = 1...ClientAuthenticator.maximumAssertionIDLength
        require(length.contains(claims.tokenID.utf8.count), "jti is bounded")
    }
}
