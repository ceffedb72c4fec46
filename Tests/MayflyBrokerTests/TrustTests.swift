import MayflyBroker
import MayflyCrypto
import MayflyModel
import Synchronization
import Testing

/// An agent without a key, whose provider's token says who it is.
@Suite struct TrustTests {
    @Test func aWorkloadGetsItsAgentsTokenByItsOwn() throws {
        let bench = try TrustBench()
        let answer = try bench.ask(try bench.token(), more: [("resource", "tickets")])
        try #require(answer.status == 200, "\(answer.text)")
        let claims = try JWS.parse(Array(answer.accessToken.utf8)).claims()
        #expect(claims["client_id"] == .string("agent:deployer"))
        #expect(claims["scope"] == .string("tickets.read"))
        let isActive = try bench.world.isActive(answer.accessToken)
        #expect(isActive)
    }

    @Test func theGrantSaysTheSameAsTheAssertion() throws {
        let bench = try TrustBench()
        let answer = try bench.askByGrant(try bench.token(), more: [("client_id", "agent:deployer")])
        #expect(answer.status == 200, "\(answer.text)")
        let svid = try bench.askByGrant(try bench.svid())
        #expect(svid.status == 200, "\(svid.text)")
        let both = try bench.askByGrant(
            try bench.token(),
            more: [
                ("client_assertion_type", World.assertionType),
                ("client_assertion", try bench.world.assertion("agent:root")),
            ])
        #expect(both.error == "invalid_client")
        let missing = try bench.world.post("/oauth2/token", as: nil, [("grant_type", TrustBench.grant)])
        #expect(missing.error == "invalid_request")
    }

    @Test func aSVIDIsTakenUnderItsOwnTypeAndNoOther() throws {
        let bench = try TrustBench()
        let answer = try bench.ask(try bench.svid(), type: TrustBench.spiffeType)
        #expect(answer.status == 200, "\(answer.text)")
        let asBearer = try bench.ask(try bench.svid())
        #expect(asBearer.error == "invalid_client")
        let tokenAsSVID = try bench.ask(try bench.token(), type: TrustBench.spiffeType)
        #expect(tokenAsSVID.error == "invalid_client")
    }

    @Test func aReusableProvidersTokenIsTakenAgainAndAnyOtherOnce() throws {
        let bench = try TrustBench()
        let svid = try bench.svid()
        for _ in 0..<3 {
            let answer = try bench.ask(svid, type: TrustBench.spiffeType)
            #expect(answer.status == 200, "\(answer.text)")
        }
        let token = try bench.token()
        let first = try bench.ask(token)
        #expect(first.status == 200)
        for answer in [try bench.ask(token), try bench.ask(token)] { #expect(answer.error == "invalid_client") }
        // As a grant it is the same token.
        let asGrant = try bench.askByGrant(token)
        #expect(asGrant.error == "invalid_grant")
    }

    @Test func aUsedTokenStaysUsedAcrossARestart() throws {
        let bench = try TrustBench()
        let token = try bench.token()
        let first = try bench.ask(token)
        #expect(first.status == 200)
        let again = try World(restarting: bench.world, fetcher: bench.site)
        let answer = try again.post("/oauth2/token", as: nil, bench.form(token))
        #expect(answer.error == "invalid_client")
        let fresh = try again.post("/oauth2/token", as: nil, bench.form(try bench.token()))
        #expect(fresh.status == 200, "\(fresh.text)")
    }

    /// What may be wrong with a token, the word for it, and how it is made wrong.
    struct Misuse: Sendable, CustomTestStringConvertible {
        let name: String
        let fault: TrustFault
        let make: @Sendable (TrustBench) throws -> String

        var testDescription: String { name }

        init(_ name: String, _ fault: TrustFault, _ make: @escaping @Sendable (TrustBench) throws -> String) {
            (self.name, self.fault, self.make) = (name, fault, make)
        }
    }

    static let misuses: [Misuse] = [
        Misuse("another subject", .noAgent) {
            try $0.token { $0["sub"] = .string("repo:acme/app:ref:refs/heads/dev") }
        },
        Misuse("a longer subject", .noAgent) { try $0.token { $0["sub"] = .string(TrustBench.subject + "x") } },
        Misuse("another claim", .noAgent) { try $0.token { $0["environment"] = .string("staging") } },
        Misuse("no claim", .noAgent) { try $0.token { $0["environment"] = nil } },
        Misuse("a claim of another type", .noAgent) { try $0.token { $0["environment"] = .bool(true) } },
        Misuse("another audience", .noAgent) { try $0.token { $0["aud"] = .string("https://elsewhere.example") } },
        Misuse("the token endpoint as audience", .noAgent) {
            try $0.token { $0["aud"] = .string(World.issuer + "/oauth2/token") }
        },
        Misuse("two audiences", .audience) {
            try $0.token { $0["aud"] = .array([.string(World.issuer), .string("https://elsewhere.example")]) }
        },
        Misuse("no audience", .audience) { try $0.token { $0["aud"] = nil } },
        Misuse("expired", .expired) { bench in
            let past = bench.world.clock.now().seconds - 60
            return try bench.token { ($0["exp"], $0["iat"]) = (.integer(past), .integer(past - 60)) }
        },
        Misuse("no exp", .malformed) { try $0.token { $0["exp"] = nil } },
        Misuse("exp as text", .malformed) { try $0.token { $0["exp"] = .string("4102444800") } },
        Misuse("exp past all time", .malformed) { try $0.token { $0["exp"] = .integer(.max) } },
        Misuse("not yet", .notYetValid) { bench in
            let ahead = bench.world.clock.now().seconds + 120
            return try bench.token { $0["nbf"] = .integer(ahead) }
        },
        Misuse("made in the future", .notYetValid) { bench in
            let ahead = bench.world.clock.now().seconds + 120
            return try bench.token { $0["iat"] = .integer(ahead) }
        },
        Misuse("a token for years", .tooLong) { bench in
            let ahead = bench.world.clock.now().seconds + 400_000
            return try bench.token { $0["exp"] = .integer(ahead) }
        },
        Misuse("no jti", .noTokenID) { try $0.token { $0["jti"] = nil } },
        Misuse("a jti of 300 bytes", .noTokenID) {
            try $0.token { $0["jti"] = .string(String(repeating: "j", count: 300)) }
        },
        Misuse("no subject", .subject) { try $0.token { $0["sub"] = nil } },
        Misuse("another issuer", .unknownProvider) { try $0.token { $0["iss"] = .string("https://evil.example") } },
        Misuse("the issuer with a slash", .unknownProvider) {
            try $0.token { $0["iss"] = .string("https://ci.example/") }
        },
        Misuse("an access token's type", .type) { try $0.token(type: "at+jwt") },
        Misuse("a proof's type", .type) { try $0.token(type: "dpop+jwt") },
        Misuse("an unknown key", .unknownKey) { try $0.token(keyID: "k9") },
        Misuse("another key under the kid", .signature) { try $0.token(key: try PrivateKey.generate(.es256)) },
        Misuse("the other provider's key", .signature) { try $0.token(key: $0.svidKey) },
        Misuse("another algorithm under the kid", .unknownKey) { try $0.token(key: try PrivateKey.generate(.edDSA)) },
        Misuse("an agent's own key", .signature) { try $0.token(key: try $0.world.key("agent:root")) },
    ]

    @Test(arguments: misuses) func whatIsWrongIsRefusedAndNamed(_ misuse: Misuse) throws {
        let bench = try TrustBench()
        let token = try misuse.make(bench)
        let answer = try bench.ask(token)
        #expect(answer.status == 401)
        #expect(answer.error == "invalid_client")
        #expect(answer.string("error_description") == "the client could not be authenticated")
        let byGrant = try bench.askByGrant(token)
        #expect(byGrant.error == "invalid_grant")
        let report = try bench.explain(token, more: #","type":"jwt-bearer""#)
        #expect(report["accepted"] == .bool(false))
        #expect(report.string("fault") == misuse.fault.rawValue)
        let written = try bench.refusals()
        // A stranger's token leaves nothing; what a registered provider is said to have signed does.
        if misuse.fault == .unknownProvider {
            #expect(written.isEmpty)
        } else {
            #expect(written.first == "trust.\(misuse.fault.rawValue)")
        }
    }

    static let spoiltSVIDs: [Misuse] = [
        Misuse("another workload", .noAgent) {
            try $0.svid { $0["sub"] = .string("spiffe://prod.example/ns/pay/sa/x") }
        },
        Misuse("another trust domain", .unknownProvider) {
            try $0.svid { $0["sub"] = .string("spiffe://test.example/ns/pay/sa/worker") }
        },
        Misuse("the trust domain itself", .subject) { try $0.svid { $0["sub"] = .string("spiffe://prod.example") } },
        Misuse("dots in the path", .subject) {
            try $0.svid { $0["sub"] = .string("spiffe://prod.example/ns/pay/../pay/sa/worker") }
        },
        Misuse("an escape in the path", .subject) {
            try $0.svid { $0["sub"] = .string("spiffe://prod.example/ns/pay/sa/work%65r") }
        },
        Misuse("another scheme", .subject) { try $0.svid { $0["sub"] = .string("https://prod.example/ns/pay") } },
        Misuse("two audiences", .audience) {
            try $0.svid { $0["aud"] = .array([.string(World.issuer), .string("spiffe://prod.example/x")]) }
        },
        Misuse("an issuer's key", .signature) { try $0.svid(key: $0.key) },
        Misuse("an unknown kid", .unknownKey) { try $0.svid(keyID: "s2") },
        Misuse("another type", .type) { try $0.svid(type: "at+jwt") },
        Misuse("EdDSA", .algorithm) { try $0.svid(key: try PrivateKey.generate(.edDSA)) },
    ]

    @Test(arguments: spoiltSVIDs) func aSpoiltSVIDIsRefusedAndNamed(_ misuse: Misuse) throws {
        let bench = try TrustBench()
        let token = try misuse.make(bench)
        let answer = try bench.ask(token, type: TrustBench.spiffeType)
        #expect(answer.error == "invalid_client")
        let report = try bench.explain(token, more: #","type":"jwt-spiffe""#)
        #expect(report.string("fault") == misuse.fault.rawValue)
    }

    @Test func twoAgentsForOneTokenAreNone() throws {
        let bench = try TrustBench()
        let both = #"{"provider":"provider:ci","subject":{"pattern":"repo:acme/*:ref:refs/heads/main"}}"#
        try bench.apply(#"{"agents": [\#(TrustBench.agent("wide", both))]}"#)
        for more: Form in [[], [("client_id", "agent:deployer")], [("client_id", "agent:wide")]] {
            let answer = try bench.ask(try bench.token(), more: more)
            #expect(answer.error == "invalid_client")
        }
        let report = try bench.explain(try bench.token())
        #expect(report.string("fault") == "ambiguous")
        #expect(report["conditions"]?.arrayValue?.count == 2)
        // A name that is given up is nobody's any more.
        let gone = try bench.world.admin("POST", "/api/v1/agents/agent:wide/offboard", #"{"reason":"r"}"#)
        try #require(gone.status == 200, "\(gone.text)")
        let answer = try bench.ask(try bench.token())
        #expect(answer.status == 200, "\(answer.text)")
    }

    @Test func anotherNameThanTheOneThatIsVouchedForIsRefused() throws {
        let bench = try TrustBench()
        let answer = try bench.ask(try bench.token(), more: [("client_id", "agent:worker")])
        #expect(answer.error == "invalid_client")
        let named = try bench.ask(try bench.token(), more: [("client_id", "agent:deployer")])
        #expect(named.status == 200)
        let report = try bench.explain(try bench.token(), more: #","client_id":"agent:worker""#)
        #expect(report.string("fault") == "other_client")
    }

    @Test func oneConditionIsNobodyElsesToo() throws {
        let bench = try TrustBench()
        let same =
            #"{"provider":"provider:ci","subject":"\#(TrustBench.subject)","claims":{"environment":"production"}}"#
        let answer = try bench.world.admin(
            "POST", "/api/v1/agents", TrustBench.agent("twin", same))
        #expect(answer.status == 422 || answer.status == 400, "\(answer.text)")
        let unknown = try bench.world.admin(
            "POST", "/api/v1/agents", TrustBench.agent("twin", #"{"provider":"provider:none","subject":"x"}"#))
        #expect(unknown.status == answer.status)
    }

    @Test(arguments: ["suspend", "offboard"]) func anAgentThatStandsNoMoreIsVouchedForInVain(_ step: String) throws {
        let bench = try TrustBench()
        let live = try bench.ask(try bench.token()).accessToken
        let done = try bench.world.admin("POST", "/api/v1/agents/agent:deployer/\(step)", #"{"reason":"r"}"#)
        try #require(done.status == 200, "\(done.text)")
        let answer = try bench.ask(try bench.token())
        #expect(answer.error == "invalid_client")
        let isActive = try bench.world.isActive(live)
        #expect(!isActive)
    }

    @Test func takingTrustAwayEndsWhatCameOfIt() throws {
        let bench = try TrustBench()
        let live = try bench.ask(try bench.token()).accessToken
        let changed = try bench.world.change("/api/v1/agents/agent:deployer") { $0["trust"] = nil }
        try #require(changed.status == 200, "\(changed.text)")
        let isActive = try bench.world.isActive(live)
        #expect(!isActive)
        let answer = try bench.ask(try bench.token())
        #expect(answer.error == "invalid_client")
    }

    @Test func aProviderThatIsRevokedOrChangedEndsWhatCameOfIt() throws {
        let bench = try TrustBench()
        let first = try bench.ask(try bench.token()).accessToken
        let other = try bench.ask(try bench.svid(), type: TrustBench.spiffeType).accessToken
        let revoked = try bench.world.revoke(#"{"provider":"provider:ci","reason":"r"}"#)
        try #require(revoked.status == 200, "\(revoked.text)")
        var states = [try bench.world.isActive(first), try bench.world.isActive(other)]
        #expect(states == [false, true])
        let second = try bench.ask(try bench.token()).accessToken
        let renamed = try bench.world.change("/api/v1/providers/provider:ci") { object in
            object["keys"] = nil
            object["name"] = .string("CI")
        }
        try #require(renamed.status == 200, "\(renamed.text)")
        states = [try bench.world.isActive(second)]
        #expect(states == [true])
        let moved = try bench.world.change("/api/v1/providers/provider:ci") { object in
            object["keys"] = nil
            object["jwks_uri"] = .string("https://ci.example/other")
        }
        try #require(moved.status == 200, "\(moved.text)")
        states = [try bench.world.isActive(second)]
        #expect(states == [false])
    }

    @Test func aProviderThatIsTrustedStays() throws {
        let bench = try TrustBench()
        let tag = try bench.world.admin("GET", "/api/v1/providers/provider:ci").header("ETag") ?? ""
        let kept = try bench.world.admin(
            "DELETE", "/api/v1/providers/provider:ci", headers: [(name: "If-Match", value: tag)])
        #expect(kept.status == 409, "\(kept.text)")
        _ = try bench.world.change("/api/v1/agents/agent:deployer") { $0["trust"] = nil }
        let gone = try bench.world.admin(
            "DELETE", "/api/v1/providers/provider:ci", headers: [(name: "If-Match", value: tag)])
        #expect(gone.status == 204, "\(gone.text)")
    }

    /// The proof of identity may be what is withdrawn, and the view of the registry the one from after it.
    @Test func whatIsWithdrawnAfterTheProofIsNotGivenToIt() throws {
        let bench = try TrustBench()
        let token = try bench.token()
        _ = try bench.explain(token)
        let proven = try bench.world.broker.authenticator.authenticate(
            assertion: Array(token.utf8), form: .bearer, clientID: nil)
        guard case .found(let client) = proven else {
            Issue.record("the provider's keys were not there")
            return
        }
        _ = try bench.world.change("/api/v1/agents/agent:deployer") { $0["trust"] = nil }
        let answer = Mutex<Result<IssuedToken, BrokerError>?>(nil)
        bench.world.broker.issuer.issue(TokenRequest(), to: client) { result in answer.withLock { $0 = result } }
        bench.world.settle()
        let came = answer.withLock { $0 }
        guard case .failure(.oauth(let refusal)) = came else {
            Issue.record("a token was given")
            return
        }
        #expect(refusal.code == .invalidGrant)
    }

    @Test func aReportNamesThePartThatFails() throws {
        let bench = try TrustBench()
        let report = try bench.explain(try bench.token { $0["environment"] = .string("staging") })
        let condition = try #require(report["conditions"]?.arrayValue?.first?.objectValue)
        #expect(condition["agent"] == .string("agent:deployer"))
        #expect(condition["holds"] == .bool(false))
        let items = (condition["items"]?.arrayValue ?? []).compactMap(\.objectValue)
        #expect(items.map { $0["name"]?.stringValue } == ["audience", "subject", "environment"])
        #expect(items.map { $0["holds"]?.boolValue } == [true, true, false])
        #expect(items.last?["expected"] == .string("production"))
        #expect(items.last?["found"] == .string("staging"))
        // Asking uses nothing up.
        let token = try bench.token()
        for _ in 0..<2 {
            let good = try bench.explain(token)
            #expect(good.string("agent") == "agent:deployer")
        }
        let answer = try bench.ask(token)
        #expect(answer.status == 200)
    }

    @Test func theBrokersOwnTokensAreNobodysIdentity() throws {
        let bench = try TrustBench()
        let own = try bench.world.admin(
            "POST", "/api/v1/providers", #"{"id":"provider:self","issuer":"\#(World.issuer)"}"#)
        #expect(own.status == 422 || own.status == 400, "\(own.text)")
        let token = try bench.world.minted("agent:root")
        let answer = try bench.ask(token)
        #expect(answer.error == "invalid_client")
    }
}
