internal import Dispatch
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyLedger
internal import MayflyModel
internal import Synchronization
internal import Testing

/// A signing key that others may have: it signs no more, is published no more, and nothing that rests on it lives on.
struct KeyCompromiseTests {
    private static let reason = #"{"reason":"incident 7"}"#

    private func compromise(_ keyID: String, _ world: World, body: String = Self.reason) throws -> Answer {
        try world.admin("POST", "/api/v1/keys/\(keyID)/compromise", body)
    }

    private func records(_ world: World) -> [SigningKeyRecord] {
        world.broker.state.read { $0.signingKeys.all }.sorted { $0.id < $1.id }
    }

    private func keyID(_ state: SigningKeyRecord.State, _ world: World, _ algorithm: SignatureAlgorithm = .es256) throws
        -> String
    {
        try #require(records(world).first { $0.state == state && $0.algorithm == algorithm }).id
    }

    private func published(_ world: World) throws -> Set<String> {
        let keys = try world.handler.send("GET", "/.well-known/jwks.json")["keys"]?.arrayValue ?? []
        return Set(keys.compactMap { $0.objectValue?["kid"]?.stringValue })
    }

    private func signer(_ token: String) throws -> String { try #require(try JWS.parse(Array(token.utf8)).keyID) }

    /// What every surface says of a token that is to be good or dead for all of them.
    private func expect(
        _ token: String, isAlive: Bool, _ world: World, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        #expect(try world.isActive(token) == isAlive, sourceLocation: sourceLocation)
        let seen = try world.post("/oauth2/introspect", as: nil, [("token", token)], headers: [basic])
        #expect(seen["active"] == .bool(isAlive), sourceLocation: sourceLocation)
        let question =
            #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"view"},"resource":{"type":"t","id":"1"}}"#
        let decided = try world.handler.send(
            "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: question)
        #expect(decided["decision"] == .bool(isAlive), sourceLocation: sourceLocation)
        let verified = try world.handler.send(
            "GET", "/verify",
            headers: [
                (name: "X-Mayfly-Resource", value: basic.value), (name: "Authorization", value: "Bearer " + token),
                (name: "X-Original-Method", value: "GET"), (name: "X-Original-URI", value: "/tickets/7"),
            ])
        #expect((verified.status == 200) == isAlive, sourceLocation: sourceLocation)
    }

    @Test func activeKeyIsGoneAtOnceAndWhatItSignedIsDeadOnEverySurface() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: token, for: "agent:child").accessToken
        // Known by its digest on every surface before.
        try expect(token, isAlive: true, world)
        let old = try keyID(.active, world)
        let next = try keyID(.next, world)
        #expect(try signer(token) == old)
        let answer = try compromise(old, world)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.string("compromised") == old)
        #expect(answer.string("successor") == next)
        #expect(try !published(world).contains(old))
        #expect(try published(world).count == 4)
        try expect(token, isAlive: false, world)
        world.clock.advance(1)
        let fresh = try world.minted("agent:root")
        #expect(try signer(fresh) == next)
        try expect(fresh, isAlive: true, world)
        #expect(try world.redeem("agent:child", ticket: ticket).status == 400)
        #expect(throws: CryptoError.self) { try world.vault.load(old) }
        // Delegation goes on.
        #expect(try world.isActive(try world.delegated(from: "agent:root", parent: fresh, to: "agent:child")))

        let again = try World(restarting: world)
        #expect(try !published(again).contains(old))
        try expect(token, isAlive: false, again)
        try expect(fresh, isAlive: true, again)
    }

    @Test func whatTheThiefSignsIsDeadAndSoIsWhatWasMadeFromIt() throws {
        let world = try World()
        let real = try world.minted("agent:root")
        let old = try keyID(.active, world)
        let stolen = try world.vault.load(old)
        func forged(_ name: String) throws -> String {
            var claims = try TokenClaims(try JWS.parse(Array(real.utf8)).claims())
            let id = try SecureRandom.token(byteCount: 16)
            claims.tokenID = id
            claims.chain = claims.chain.map { ChainLink(tokenID: id, agent: $0.agent, epoch: $0.epoch) }
            return try JWS.sign(payload: claims.encoded(), type: "at+jwt", keyID: old, with: stolen)
        }
        let parent = try forged("a")
        #expect(try world.isActive(parent))
        // The child is the broker's own, and signed with a key that nobody stole.
        #expect(try world.admin("POST", "/api/v1/keys/rotate").status == 200)
        let child = try world.delegated(from: "agent:root", parent: parent, to: "agent:child")
        #expect(try signer(child) != old)
        let root = try world.minted("agent:root")
        #expect(try world.isActive(child))
        #expect(try compromise(old, world).status == 200)
        for token in [parent, child, try forged("b")] { #expect(try !world.isActive(token)) }
        // What was made from nothing and signed with a sound key is not touched.
        #expect(try world.isActive(root))
        let again = try World(restarting: world)
        for token in [parent, child] { #expect(try !again.isActive(token)) }
        #expect(try again.isActive(root))
    }

    @Test(arguments: [SigningKeyRecord.State.next, .retiring])
    func keyThatDoesNotSignNowLeavesAsWell(_ state: SigningKeyRecord.State) throws {
        let world = try World()
        let before = try world.minted("agent:root")
        #expect(try world.admin("POST", "/api/v1/keys/rotate").status == 200)
        let active = try keyID(.active, world)
        let gone = try keyID(state, world)
        let answer = try compromise(gone, world)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.string("successor") == nil)
        #expect(try !published(world).contains(gone))
        #expect(try keyID(.active, world) == active)
        #expect(try world.isActive(before) == (state == .next))
        // There is a next one again, and it can sign.
        #expect(try world.admin("POST", "/api/v1/keys/rotate").status == 200)
        #expect(try world.isActive(try world.minted("agent:root")))
        #expect(records(world).filter { $0.state == .compromised }.map(\.id) == [gone])
    }

    @Test func compromisedKeyNeverComesBack() throws {
        let world = try World()
        let old = try keyID(.active, world)
        let key = try world.vault.load(old)
        #expect(try compromise(old, world).status == 200)
        // Its file is put back, as from a backup.
        world.vault.keep(key)
        for _ in 0..<3 {
            #expect(try world.admin("POST", "/api/v1/keys/rotate").status == 200)
            #expect(try !published(world).contains(old))
        }
        let again = try World(restarting: world)
        #expect(throws: CryptoError.self) { try again.vault.load(old) }
        #expect(try !published(again).contains(old))
        again.clock.advance(7200)
        while try again.broker.removeExpired() {}
        #expect(records(again).first { $0.id == old }?.state == .compromised)
        #expect(try compromise(old, again).status == 409)
        let token = try again.minted("agent:root")
        let claims = try TokenClaims(try JWS.parse(Array(token.utf8)).claims())
        #expect(
            try !again.isActive(try JWS.sign(payload: claims.encoded(), type: "at+jwt", keyID: old, with: key)))
    }

    @Test func whatCannotBeMeantIsAnError() throws {
        let world = try World()
        let before = records(world)
        let active = try keyID(.active, world)
        let unknown = try PrivateKey.generate(.es256).publicKey.thumbprint
        #expect(try compromise(unknown, world).status == 404)
        #expect(try compromise("x", world).status == 404)
        for body in [#"{}"#, #"{"reason":""}"#, #"{"reason":"  "}"#, #"{"reason":"a","x":1}"#] {
            #expect(try compromise(active, world, body: body).status == 400, "\(body)")
        }
        let ledger = try compromise(try Self.ledgerThumbprint(world), world)
        #expect(ledger.status == 409)
        #expect(ledger.text.contains("ledger's checkpoints"))
        #expect(records(world) == before)
    }

    private static func ledgerThumbprint(_ world: World) throws -> String {
        // The eight digits stand between the name and the key.
        String(try #require(world.broker.ledger.verifierKey.text.split(separator: "+").dropFirst().first))
    }

    @Test func nextKeyThatCannotSignIsPassedOver() throws {
        let world = try World()
        let old = try keyID(.active, world)
        let next = try keyID(.next, world)
        world.vault.remove(next)
        let answer = try compromise(old, world)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.string("successor") == keyID(.active, world))
        #expect(try published(world).isDisjoint(with: [old, next]))
        let token = try world.minted("agent:root")
        #expect(try world.isActive(token))
        let again = try World(restarting: world)
        #expect(try again.isActive(token))
    }

    @Test func mintThatWasSignedBeforeAndComesAfterIsRefused() throws {
        let world = try World()
        let old = try keyID(.active, world)
        let admin = try world.adminToken()
        let (killed, mints) = try world.behindAHeldCommit {
            let killed = try world.beginAdmin(
                "POST", "/api/v1/keys/\(old)/compromise", Self.reason, token: admin)
            let mints = try [
                world.begin(
                    "/oauth2/token", as: "agent:root", [("grant_type", "client_credentials"), ("resource", "tickets")]),
                world.begin(
                    "/oauth2/token", as: "admin:ops", [("grant_type", "client_credentials"), ("scope", "mayfly.read")]),
            ]
            return (killed, mints)
        }
        #expect(killed.wait().status == 200)
        for mint in mints {
            let answer = mint.wait()
            #expect(answer.status != 200, "\(answer.text)")
            #expect(answer["access_token"] == nil)
        }
        #expect(try world.isActive(try world.minted("agent:root")))
    }

    @Test func noMintOfEightThreadsSurvivesACompromise() throws {
        let world = try World()
        let minted = Mutex<[String]>([])
        let isOver = Atomic(false)
        let group = DispatchGroup()
        for _ in 0..<8 {
            DispatchQueue.global().async(group: group) {
                while !isOver.load(ordering: .acquiring), minted.withLock({ $0.count }) < 1000 {
                    guard let answer = try? world.token("agent:root", [("resource", "tickets")]), answer.status == 200
                    else { continue }
                    minted.withLock { $0.append(answer.accessToken) }
                }
            }
        }
        // This thread mints, too: the others may get no turn for long, and there must be tokens to look at.
        func mint(_ count: Int) throws {
            for _ in 0..<count {
                let token = try world.minted("agent:root")
                minted.withLock { $0.append(token) }
            }
        }
        var dead: Set<String> = []
        for _ in 0..<6 {
            try mint(20)
            let old = try keyID(.active, world)
            let answer = try compromise(old, world)
            #expect(answer.status == 200, "\(answer.text)")
            dead.insert(old)
            // At once: what was answered before, and what is on its way.
            for token in minted.withLock({ $0 }) where dead.contains(try signer(token)) {
                #expect(try !world.isActive(token))
            }
        }
        try mint(20)
        isOver.store(true, ordering: .releasing)
        group.wait()
        let all = minted.withLock { $0 }
        var alive = 0
        for token in all {
            let isActive = try world.isActive(token)
            #expect(try isActive == !dead.contains(signer(token)))
            alive += isActive ? 1 : 0
        }
        #expect(alive > 0)
        #expect(alive < all.count)
    }

    @Test func compromiseRacingARotationLeavesOneActiveAndOneNextKey() throws {
        for first in [true, false] {
            let world = try World()
            let active = try keyID(.active, world)
            let admin = try world.adminToken()
            let answers = try world.behindAHeldCommit {
                let rotate = { try world.beginAdmin("POST", "/api/v1/keys/rotate", token: admin) }
                let kill = {
                    try world.beginAdmin("POST", "/api/v1/keys/\(active)/compromise", Self.reason, token: admin)
                }
                return first ? [try rotate(), try kill()] : [try kill(), try rotate()]
            }
            for answer in answers { #expect(answer.wait().status == 200) }
            #expect(try !published(world).contains(active))
            for algorithm in Keyring.algorithms {
                for state in [SigningKeyRecord.State.active, .next] {
                    let found = records(world).filter { $0.algorithm == algorithm && $0.state == state }
                    #expect(found.count == 1, "\(algorithm) \(state)")
                }
            }
            #expect(try world.isActive(try world.minted("agent:root")))
            _ = try World(restarting: world)
        }
    }

    @Test func keptCompromiseThatWasAnsweredAsFailedHolds() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        let old = try keyID(.active, world)
        let admin = try world.adminToken()
        world.store.loseAnswers(with: .inputOutput(code: 1))
        let path = "/api/v1/keys/\(old)/compromise"
        #expect(try world.beginAdmin("POST", path, Self.reason, token: admin).wait().status == 503)
        world.store.loseAnswers(with: nil)
        // The next commit asks where the store is, and finds it; what was signed meanwhile is refused.
        _ = try world.token("agent:root", [("resource", "tickets")])
        let fresh = try world.minted("agent:root")
        #expect(try !published(world).contains(old))
        #expect(try !world.isActive(token))
        #expect(try world.isActive(fresh))
        #expect(try World(restarting: world).isActive(fresh))
    }

    @Test func ledgerAndNoticesSayWhichKeyAndWhy() throws {
        let world = try World()
        let old = try keyID(.active, world)
        let next = try keyID(.next, world)
        #expect(try compromise(old, world).status == 200)
        var query = LedgerQuery()
        query.event = "signing_key.compromised"
        let entry = try #require(try world.store.ledgerEntries(matching: query).first)
        let object = try JSONParser.parseObject(entry.bytes)
        #expect(object["target"]?.stringValue == "key:\(old)")
        #expect(object["reason"]?.stringValue == "incident 7")
        #expect(object["action"]?.stringValue == "active")
        #expect(object["retention"]?.stringValue == "security")
        #expect(object["actor"]?.stringValue == "admin:ops")
        query.event = "signing_key.rotated"
        let moved = try world.store.ledgerEntries(matching: query).map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(moved.contains { $0.contains("key:\(next)") && $0.contains(#""action":"active""#) })
        #expect(NoticeRoute.isKnown("signing_key.compromised"))
    }

    @Test func codesOfACompromisedRSAKeyAreGoneWithIt() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        let old = try keyID(.active, world, .rs256)
        #expect(try compromise(old, world).status == 200)
        #expect(try published(world).count == 4)
        // It signed none of them.
        #expect(try world.isActive(token))
        #expect(try world.isActive(try world.minted("agent:root")))
    }
}

/// What the keyring does where a key of the records is not to be had.
struct KeyringTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func record(
        _ key: PrivateKey, _ state: SigningKeyRecord.State
    ) -> SigningKeyRecord {
        SigningKeyRecord(key: key.publicKey, algorithm: key.algorithm, state: state, createdAt: now)
    }

    @Test func compromisedKeyIsDroppedAlsoWhereItsSuccessorIsMissing() throws {
        let vault = MemoryVault()
        let (old, rsa) = (try vault.create(.es256), try vault.create(.rs256))
        let keyring = try Keyring([record(old, .active), record(rsa, .active)], vault: vault)
        #expect(keyring.isComplete)
        #expect(keyring.failure(at: now) == nil)
        let missing = try PrivateKey.generate(.es256)
        let records = [record(old, .compromised), record(missing, .active), record(rsa, .active)]
        #expect(throws: CryptoError.self) { try keyring.replace(records, vault: vault) }
        let id = old.publicKey.thumbprint
        #expect(keyring.published(id, at: now) == nil)
        #expect(keyring.jwks(at: now)["keys"]?.arrayValue?.count == 2)
        // Nothing signs with ES256 until the key is here.
        #expect(!keyring.isComplete)
        #expect(keyring.failure(at: now) != nil)
        vault.keep(missing)
        try keyring.replace(records, vault: vault)
        #expect(keyring.isComplete)
        #expect(keyring.failure(at: now) == nil)
    }

    @Test func keyThatSignsGoesOnWhereTheNextOneIsMissing() throws {
        let vault = MemoryVault()
        let (old, rsa) = (try vault.create(.es256), try vault.create(.rs256))
        let keyring = try Keyring([record(old, .active), record(rsa, .active)], vault: vault)
        let missing = try PrivateKey.generate(.es256)
        var retiring = record(old, .retiring)
        retiring.retiresAt = now.advanced(bySeconds: 60)
        let records = [retiring, record(missing, .active), record(rsa, .active)]
        #expect(throws: CryptoError.self) { try keyring.replace(records, vault: vault) }
        #expect(keyring.failure(at: now) == nil)
        #expect(keyring.published(old.publicKey.thumbprint, at: now) != nil)
    }
}
