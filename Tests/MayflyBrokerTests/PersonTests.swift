import MayflyBroker
import MayflyCrypto
import MayflyModel
import Synchronization
import Testing

/// An agent that acts for a person: both halves bound what it gets, and either one's end ends it.
@Suite struct PersonTests {
    @Test func theSubjectIsThePersonAndTheActorTheAgent() throws {
        let bench = try PersonBench()
        for type in [PersonBench.identityTokenType, World.jwtType] {
            let answer = try bench.exchange(try bench.identity(), type: type)
            try #require(answer.status == 200, "\(answer.text)")
            let claims = try bench.claims(answer.accessToken)
            #expect(claims["sub"] == .string(PersonBench.alice))
            #expect(claims["client_id"] == .string("agent:root"))
            #expect(claims["act"] == .object(["sub": .string("agent:root")]))
            #expect(answer.string("issued_token_type") == World.accessTokenType)
            let seen = try bench.world.introspect(answer.accessToken)
            #expect(seen.string("sub") == PersonBench.alice)
            #expect(seen["act"] == .object(["sub": .string("agent:root")]))
        }
    }

    @Test func itGetsWhatBothMayDoAndNoMore() throws {
        let bench = try PersonBench()
        let claims = try bench.claims(try bench.token())
        // The agent may write and the person administer: neither may both.
        #expect(claims["scope"] == .string("tickets.read"))
        let detail = try #require(claims["authorization_details"]?.arrayValue?.first?.objectValue)
        #expect(detail["queues"] == .array([.string("a")]))
        #expect(detail["amount"]?.objectValue?["amount"] == .string("10"))
        for scope in ["tickets.write", "tickets.admin", "tickets.read tickets.admin"] {
            let answer = try bench.exchange(try bench.identity(), [("resource", "tickets"), ("scope", scope)])
            #expect(answer.error == "invalid_scope", "\(answer.text)")
        }
        let boss = try bench.exchange(try bench.identity { $0["sub"] = .string("boss-1") })
        #expect(try bench.claims(boss.accessToken)["scope"] == .string("tickets.read tickets.write"))
        let nothing = try bench.exchange(
            try bench.identity { ($0["sub"], $0["groups"]) = (.string("boss-2"), nil) }, [("resource", "mail")])
        #expect(nothing.error == "invalid_target", "\(nothing.text)")
    }

    @Test func itNeverOutlivesThePersonsToken() throws {
        let bench = try PersonBench()
        let end = bench.world.clock.now().seconds + 45
        let answer = try bench.exchange(try bench.identity { $0["exp"] = .integer(end) })
        #expect(try bench.claims(answer.accessToken)["exp"] == .integer(end))
    }

    /// A life or a depth that one half allows is none that the other does.
    @Test func eachHalfBoundsLifeAndDepthByItself() throws {
        let bench = try PersonBench()
        let longer = try bench.world.change("/api/v1/roles/role:clerk") { object in
            object["max_token_life"] = .integer(3600)
            object["max_depth"] = .integer(0)
        }
        try #require(longer.status == 200, "\(longer.text)")
        let end = bench.world.clock.now().seconds + 3000
        let asked: Form = [("resource", "tickets"), ("lifetime", "3000")]
        let answer = try bench.exchange(try bench.identity { $0["exp"] = .integer(end) }, asked)
        // The agent's own role says 600.
        #expect(answer["expires_in"] == .integer(600), "\(answer.text)")
        let ticket = try bench.world.ticket("agent:root", parent: answer.accessToken, for: "agent:child")
        #expect(ticket.error == "invalid_request")
        let shorter = try bench.world.change("/api/v1/roles/role:clerk") { $0["max_token_life"] = nil }
        try #require(shorter.status == 200, "\(shorter.text)")
        let again = try bench.exchange(try bench.identity { $0["exp"] = .integer(end) }, asked)
        #expect(again["expires_in"] == .integer(300), "\(again.text)")
    }

    @Test func whatIsDelegatedKeepsThePersonAndBothHalves() throws {
        let bench = try PersonBench()
        let root = try bench.token()
        let child = try bench.world.delegated(from: "agent:root", parent: root, to: "agent:child")
        let claims = try bench.claims(child)
        #expect(claims["sub"] == .string(PersonBench.alice))
        let act: JSONObject = ["sub": .string("agent:child"), "act": .object(["sub": .string("agent:root")])]
        #expect(claims["act"] == .object(act))
        // The child may administer, and so may the person; the parent may not.
        #expect(claims["scope"] == .string("tickets.read"))
        let ticket = try bench.world.ticket(
            "agent:root", parent: root, for: "agent:other", [("scope", "tickets.write")])
        #expect(ticket.error == "invalid_scope")
        let left = try bench.world.admin("POST", "/api/v1/people/\(PersonBench.alice)/leave", #"{"reason":"r"}"#)
        try #require(left.status == 200, "\(left.text)")
        let states = [try bench.world.isActive(root), try bench.world.isActive(child)]
        #expect(states == [false, false])
    }

    /// What ends a token on somebody's behalf: a method, a path, a body.
    static let ends: [(String, String)] = [
        ("/api/v1/people/\(PersonBench.alice)/leave", #"{"reason":"r"}"#),
        ("/api/v1/revocations", #"{"person":"\#(PersonBench.alice)","reason":"r"}"#),
        ("/api/v1/revocations", #"{"provider":"provider:corp","reason":"r"}"#),
        ("/api/v1/revocations", #"{"role":"role:clerk","reason":"r"}"#),
        ("/api/v1/revocations", #"{"agent":"agent:root","reason":"r"}"#),
        ("/api/v1/agents/agent:root/suspend", #"{"reason":"r"}"#),
        ("/api/v1/owners/owner:ann/leave", #"{"reason":"r"}"#),
    ]

    @Test(arguments: ends) func whoeverGoesTakesTheTokenAlong(_ path: String, _ body: String) throws {
        let bench = try PersonBench()
        let root = try bench.token()
        let ticket = try bench.world.ticket("agent:root", parent: root, for: "agent:child").accessToken
        let child = try bench.world.delegated(from: "agent:root", parent: root, to: "agent:child")
        let own = try bench.world.minted("agent:other")
        let answer = try bench.world.admin("POST", path, body)
        try #require(answer.status == 200, "\(answer.text)")
        let states = [try bench.world.isActive(root), try bench.world.isActive(child)]
        #expect(states == [false, false])
        let redeemed = try bench.world.redeem("agent:child", ticket: ticket)
        #expect(redeemed.status == 400 || redeemed.status == 401, "\(redeemed.text)")
        let untouched = try bench.world.isActive(own)
        #expect(untouched)
    }

    @Test(arguments: ["roles", "rules", "audiences"]) func narrowingWhatAPersonMayDoReachesWhatIsOut(
        _ what: String
    ) throws {
        let bench = try PersonBench()
        let root = try bench.token()
        let answer =
            switch what {
            case "roles":
                try bench.world.change("/api/v1/roles/role:clerk") { $0["scopes"] = .array([.string("tickets.admin")]) }
            case "rules":
                try bench.world.change("/api/v1/providers/provider:corp") { object in
                    object["people"] = .object(["audiences": .array([.string(PersonBench.application)])])
                }
            default:
                try bench.world.change("/api/v1/providers/provider:corp") { object in
                    var people = object["people"]?.objectValue ?? [:]
                    people["audiences"] = .array([.string("another")])
                    object["people"] = .object(people)
                }
            }
        try #require(answer.status == 200, "\(answer.text)")
        let isActive = try bench.world.isActive(root)
        #expect(!isActive)
    }

    @Test func whoHasLeftGetsNothingUntilTheyAreBackAndWhatEndedStaysEnded() throws {
        let bench = try PersonBench()
        let before = try bench.token()
        _ = try bench.world.admin("POST", "/api/v1/people/\(PersonBench.alice)/leave", #"{"reason":"r"}"#)
        let gone = try bench.exchange(try bench.identity())
        #expect(gone.error == "invalid_request")
        let again = try World(restarting: bench.world)
        let after = try again.post(
            "/oauth2/token", as: "agent:root", bench.form(try bench.identity()) + [("resource", "tickets")])
        #expect(after.error == "invalid_request")
        let twice = try again.admin("POST", "/api/v1/people/\(PersonBench.alice)/leave", #"{"reason":"r"}"#)
        #expect(twice.status == 409)
        let back = try again.admin("POST", "/api/v1/people/\(PersonBench.alice)/return", #"{"reason":"r"}"#)
        #expect(back.status == 200, "\(back.text)")
        let fresh = try again.post(
            "/oauth2/token", as: "agent:root", bench.form(try bench.identity()) + [("resource", "tickets")])
        #expect(fresh.status == 200, "\(fresh.text)")
        let states = [try again.isActive(before), try again.isActive(fresh.accessToken)]
        #expect(states == [false, true])
        let unknown = try again.admin("POST", "/api/v1/people/person:none:x/leave", #"{"reason":"r"}"#)
        #expect(unknown.status == 404)
    }

    /// What may be wrong with a person's token.
    struct Misuse: Sendable, CustomTestStringConvertible {
        let name: String
        let make: @Sendable (PersonBench) throws -> String

        var testDescription: String { name }

        init(_ name: String, _ make: @escaping @Sendable (PersonBench) throws -> String) {
            (self.name, self.make) = (name, make)
        }
    }

    static let misuses: [Misuse] = [
        Misuse("another application's") { try $0.identity { $0["aud"] = .string("elsewhere") } },
        Misuse("the broker's audience") { try $0.identity { $0["aud"] = .string(World.issuer) } },
        Misuse("several applications'") {
            try $0.identity { $0["aud"] = .array([.string(PersonBench.application), .string("elsewhere")]) }
        },
        Misuse("nobody's issuer") { try $0.identity { $0["iss"] = .string("https://evil.example") } },
        Misuse("a provider of machines") { try $0.identity { $0["iss"] = .string("https://machines.example") } },
        Misuse("expired") { bench in
            let past = bench.world.clock.now().seconds - 60
            return try bench.identity { $0["exp"] = .integer(past) }
        },
        Misuse("without end") { try $0.identity { $0["exp"] = nil } },
        Misuse("not yet valid") { bench in
            let ahead = bench.world.clock.now().seconds + 90
            return try bench.identity { $0["nbf"] = .integer(ahead) }
        },
        Misuse("in no group") { try $0.identity { $0["groups"] = .array([.string("staff")]) } },
        Misuse("groups as one text") { try $0.identity { $0["groups"] = .string("clerks staff") } },
        Misuse("without a subject") { try $0.identity { $0["sub"] = nil } },
        Misuse("a subject with a space") { try $0.identity { $0["sub"] = .string("a b") } },
        Misuse("a subject with a line") { try $0.identity { $0["sub"] = .string("a\nb") } },
        Misuse("a subject of 300 bytes") {
            try $0.identity { $0["sub"] = .string(String(repeating: "s", count: 300)) }
        },
        Misuse("an access token's type") { try $0.identity(type: "at+jwt") },
        Misuse("a stranger's key") { try $0.identity(key: try PrivateKey.generate(.es256)) },
        Misuse("another algorithm") { try $0.identity(key: try PrivateKey.generate(.edDSA)) },
        Misuse("an unknown kid") { try $0.identity(keyID: "p2") },
        Misuse("no token") { _ in "nonsense" },
    ]

    @Test(arguments: misuses) func aTokenThatIsNotGoodGivesNothing(_ misuse: Misuse) throws {
        let bench = try PersonBench()
        let answer = try bench.exchange(try misuse.make(bench))
        #expect(answer.status == 400)
        #expect(answer.error == "invalid_request")
        #expect(answer.string("error_description") == "the subject_token is not valid")
    }

    @Test func aPersonIsNeverTakenForAnAgent() throws {
        let bench = try PersonBench()
        let answer = try bench.exchange(try bench.identity { $0["sub"] = .string("agent:root") })
        #expect(try bench.claims(answer.accessToken)["sub"] == .string("person:corp:agent:root"))
        // Nor is their token anybody's credential.
        let asserted = try bench.world.post(
            "/oauth2/token", as: nil,
            [
                ("grant_type", "client_credentials"), ("client_assertion_type", World.assertionType),
                ("client_assertion", try bench.identity()),
            ])
        #expect(asserted.error == "invalid_client")
        let granted = try bench.world.post(
            "/oauth2/token", as: nil,
            [("grant_type", TrustBench.grant), ("assertion", try bench.identity { $0["aud"] = .string(World.issuer) })])
        #expect(granted.error == "invalid_grant")
    }

    @Test func agentsAloneActAndNobodyElseComesIn() throws {
        let bench = try PersonBench()
        let admin = try bench.exchange(try bench.identity(), as: "admin:ops")
        #expect(admin.error == "unauthorized_client")
        let delegate = try bench.exchange(
            try bench.identity(), [("resource", "tickets"), ("delegate", "agent:child")])
        #expect(delegate.error == "invalid_request")
        let ticket = try bench.exchange(
            try bench.identity(), [("resource", "tickets"), ("requested_token_type", World.jwtType)])
        #expect(ticket.error == "invalid_request")
        let actor = try bench.exchange(
            try bench.identity(),
            [
                ("resource", "tickets"), ("actor_token", try bench.world.minted("agent:root")),
                ("actor_token_type", World.accessTokenType),
            ])
        #expect(actor.error == "invalid_request")
    }

    /// What is withdrawn between the look at the person's token and the mint is not given.
    @Test func whoLeavesMeanwhileIsNotActedFor() throws {
        let bench = try PersonBench()
        let identity = try bench.identity()
        guard
            case .found(let person) = try bench.world.broker.trust.person(
                Array(identity.utf8), at: bench.world.clock.now())
        else {
            Issue.record("the keys were not there")
            return
        }
        let agent = try #require(AgentID("agent:root"))
        for step in ["leave", "return"] {
            _ = try bench.world.admin("POST", "/api/v1/people/\(PersonBench.alice)/\(step)", #"{"reason":"r"}"#)
            let answer = Mutex<Result<IssuedToken, BrokerError>?>(nil)
            var request = TokenRequest()
            request.targets = ["tickets"]
            bench.world.broker.issuer.exchange(
                request, onBehalfOf: person, for: AuthenticatedClient(client: .agent(agent), mark: nil)
            ) { result in answer.withLock { $0 = result } }
            bench.world.settle()
            let came = answer.withLock { $0 }
            guard case .failure(.oauth(let refusal)) = came else {
                Issue.record("a token was given after \(step)")
                return
            }
            #expect(refusal.code == .invalidRequest)
        }
    }

    /// An agreement to an action on somebody's behalf ends with them, like the token with which it was asked.
    @Test(arguments: [
        ("/api/v1/revocations", #"{"person":"\#(PersonBench.alice)","reason":"r"}"#),
        ("/api/v1/revocations", #"{"provider":"provider:corp","reason":"r"}"#),
        ("/api/v1/revocations", #"{"role":"role:writer","reason":"r"}"#),
    ]) func whatPeopleAgreedToEndsWithThePerson(_ path: String, _ body: String) throws {
        let action = try ActionBench()
        let bench = try PersonBench(in: action.world)
        let boss: Form = [("resource", "tickets"), ("task", "case-1"), ("scope", "tickets.write")]
        func token() throws -> String {
            let answer = try bench.exchange(
                try bench.identity { $0["groups"] = .array([.string("writers")]) }, boss)
            try #require(answer.status == 200, "\(answer.text)")
            return answer.accessToken
        }
        _ = try action.approved(try token())
        let ended = try action.world.admin("POST", path, body)
        try #require(ended.status == 200, "\(ended.text)")
        let fresh = try action.ask(try token())
        #expect(fresh.isWithheld("pending"), "\(fresh.text)")
        // Without an end in between it is good.
        _ = try action.approved(try token(), id: "2")
        let good = try action.ask(try token(), id: "2")
        #expect(good["decision"] == .bool(true), "\(good.text)")
    }

    /// Eight agents' requests race with the person's leaving: whatever was given is dead afterwards.
    @Test func nothingMintedAcrossALeavingSurvivesIt() throws {
        let bench = try PersonBench()
        let identity = try bench.identity()
        let (pending, leave) = try bench.world.behindAHeldCommit {
            let before = try (0..<4).map { _ in
                try bench.world.begin(
                    "/oauth2/token", as: "agent:root", bench.form(identity) + [("resource", "tickets")])
            }
            let leave = try bench.world.beginAdmin(
                "POST", "/api/v1/people/\(PersonBench.alice)/leave", #"{"reason":"r"}"#,
                token: bench.world.secrets.withLock { $0.last })
            let after = try (0..<4).map { _ in
                try bench.world.begin(
                    "/oauth2/token", as: "agent:root", bench.form(identity) + [("resource", "tickets")])
            }
            return (before + after, leave)
        }
        _ = leave.wait()
        let left = try bench.world.admin("POST", "/api/v1/people/\(PersonBench.alice)/leave", #"{"reason":"r"}"#)
        #expect(left.status == 409 || left.status == 200)
        for answer in pending {
            let came = answer.wait()
            guard came.status == 200 else { continue }
            let isActive = try bench.world.isActive(came.accessToken)
            #expect(!isActive)
        }
    }
}
