import Dispatch
import Glibc
import MayflyModel
import PostgresHarness
import Synchronization
import Testing

/// The real program on a real PostgreSQL server.
@Suite struct PostgresTests: Sendable {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]

    @Test func aBrokerOnADatabaseIssuesNarrowsChecksRevokesAndProves() throws {
        let place = try PostgresServer.shared().place()
        let broker = try RunningMayfly.onFixedPort(store: place.url)
        #expect(access(broker.databaseFile, F_OK) != 0)
        try broker.start()
        let desk = try Desk.open(broker)
        let parent = try desk.mint("orchestrator", Self.scope)
        let handed = try desk.delegate(parent, from: "orchestrator", to: "support", [("scope", "tickets:read")])
        let redeemed = try desk.redeem(try #require(handed["access_token"], "\(handed)"), as: "support")
        let child = try #require(redeemed["access_token"], "\(redeemed)")
        #expect(try desk.isActive(parent) && desk.isActive(child))
        try desk.change(
            "POST", "/api/v1/revocations", .object(["agent": .string("agent:support"), "reason": .string("test")]))
        #expect(try desk.isActive(parent) && !desk.isActive(child))
        let other = try desk.mint("orchestrator", Self.scope)
        try broker.kill()
        try broker.start()
        #expect(try desk.isActive(parent) && !desk.isActive(child) && desk.isActive(other))
        let checkpoint = broker.folder.path + "/checkpoint"
        let saved = try broker.run([
            "ledger", "verify", "--save", checkpoint, "--dir", broker.directory, "--server", broker.url,
        ])
        #expect(saved.status == 0, "\(saved)")

        // One broker at a time, and no second registry in the same place.
        let second = try RunningMayfly()
        try Files.write(
            try Files.text(second.configFile).replacing("store: ../data/mayfly.db", with: "store: \"\(place.url)\""),
            to: second.configFile)
        let refused = try second.refusedStart()
        #expect(refused.status == 3 && refused.errors.contains("another broker is using"), "\(refused)")
        let again = try broker.run(["init", "--dir", broker.folder.path + "/again", "--store", place.url])
        #expect(again.status == 3 && again.errors.contains("another broker is using"), "\(again)")
        #expect(access(broker.folder.path + "/again", F_OK) != 0)

        #expect(try broker.stop() == 0, "\((try? broker.errors()) ?? "")")
        let doctor = try broker.run(["doctor", "--dir", broker.directory])
        #expect(doctor.status == 0, "\(doctor)")
        let full = try broker.run(["init", "--dir", broker.folder.path + "/again", "--store", place.url])
        #expect(full.status == 3 && full.errors.contains("not empty"), "\(full)")
    }

    @Test func aPasswordInTheURLIsRefusedAndNeverRepeated() throws {
        let folder = try TemporaryFolder()
        let broker = try RunningMayfly()
        for url in ["postgresql://mayfly:hunter2@db/mayfly", "postgresql://db/mayfly?password=hunter2"] {
            let made = try CommandResult.run(
                try RunningMayfly.program(), ["init", "--dir", folder.path + "/b", "--store", url], in: folder)
            #expect(made.status == 2 && made.errors.contains("without a password"), "\(made)")
            #expect(!"\(made)".contains("hunter2"))
            #expect(access(folder.path + "/b", F_OK) != 0)
            try Files.write(
                try Files.text(broker.configFile).replacing("store: ../data/mayfly.db", with: "store: \"\(url)\""),
                to: broker.configFile)
            let refused = try broker.refusedStart()
            #expect(refused.status == 3 && refused.errors.contains("without a password"), "\(refused)")
            #expect(!"\(refused)".contains("hunter2"))
            try Files.write(
                try Files.text(broker.configFile).replacing("store: \"\(url)\"", with: "store: ../data/mayfly.db"),
                to: broker.configFile)
        }
    }

    @Test func aPasswordComesFromAFileOrFromWhereLibpqLooks() throws {
        let server = try PostgresServer.shared()
        let place = try server.place(user: "guarded")
        try server.sql("GRANT ALL ON SCHEMA \(place.schema) TO guarded")
        let folder = try TemporaryFolder()
        let secret = folder.path + "/secret"
        try Files.write("correct horse\n", to: secret)
        let program = try RunningMayfly.program()
        let without = try CommandResult.run(
            program, ["init", "--dir", folder.path + "/b", "--store", place.url], in: folder)
        #expect(without.status == 3 && without.errors.contains("no password supplied"), "\(without)")
        let made = try CommandResult.run(
            program,
            ["init", "--dir", folder.path + "/b", "--store", place.url, "--store-password-file", secret], in: folder)
        #expect(made.status == 0, "\(made)")
        #expect(try CommandResult.run(program, ["doctor", "--dir", folder.path + "/b"], in: folder).status == 0)
        try Files.write("wrong horse\n", to: secret)
        let wrong = try CommandResult.run(program, ["doctor", "--dir", folder.path + "/b"], in: folder)
        #expect(wrong.status == 1 && wrong.description.contains("password authentication failed"), "\(wrong)")
        #expect(!wrong.description.contains("horse"))
        let config = folder.path + "/b/config/mayfly.yaml"
        try Files.write(
            try Files.text(config).replacing("store_password_file:", with: "# store_password_file:"), to: config)
        let passfile = folder.path + "/pgpass"
        try Files.write("*:*:*:guarded:correct horse\n", to: passfile)
        let found = try CommandResult.run(
            program, ["doctor", "--dir", folder.path + "/b"], environment: ["PGPASSFILE": passfile], in: folder)
        #expect(found.status == 0, "\(found)")
    }

    @Test func whatWasAnsweredSurvivesKillNine() throws {
        let broker = try RunningMayfly.onFixedPort(store: try PostgresServer.shared().place().url)
        try broker.start()
        let desk = try Desk.open(broker)
        for _ in 0..<3 {
            let tokens = try mintUntilKilled(desk, after: 60)
            // At once: the server may not have noticed yet that the old session is dead.
            try broker.start()
            for token in tokens { #expect(try desk.isActive(token)) }
        }
        let verified = try broker.run(["ledger", "verify", "--dir", broker.directory, "--server", broker.url])
        #expect(verified.status == 0, "\(verified)")
        #expect(try broker.stop() == 0)
    }

    /// Mints from several threads, kills the broker once `count` were answered, and answers all tokens that came.
    private func mintUntilKilled(_ desk: Desk, after count: Int) throws -> [String] {
        let agent = try desk.agent("orchestrator")
        let port = desk.broker.port
        let issuer = desk.broker.url
        let tokens = Mutex<[String]>([])
        let group = DispatchGroup()
        for worker in 0..<6 {
            DispatchQueue(label: "mint.\(worker)").async(group: group) {
                while let assertion = try? agent.assertion(for: issuer) {
                    let fields =
                        [
                            ("grant_type", "client_credentials"), ("client_assertion_type", Desk.assertionType),
                            ("client_assertion", assertion),
                        ] + Self.scope
                    let body = fields.map { "\($0.0)=\(Desk.escaped($0.1))" }.joined(separator: "&")
                    let answer = try? HTTP.send(
                        "POST", "/oauth2/token", [("Content-Type", "application/x-www-form-urlencoded")],
                        Array(body.utf8), to: port)
                    guard let token = answer?["access_token"] else { return }
                    tokens.withLock { $0.append(token) }
                }
            }
        }
        let end = ContinuousClock.now + .seconds(60)
        while tokens.withLock({ $0.count }) < count {
            try #require(ContinuousClock.now < end, "too few tokens were made")
            sched_yield()
        }
        try desk.broker.kill()
        group.wait()
        return tokens.withLock { $0 }
    }

    @Test func aServerThatIsDownOrFrozenStopsGrantsForAsLongAsItIs() async throws {
        try await aside {
            let server = try PostgresServer()
            let broker = try RunningMayfly(store: try server.place().url)
            try broker.start()
            let desk = try Desk.open(broker)
            let token = try desk.mint("orchestrator", Self.scope)
            func expectOutage(_ what: String) throws {
                let start = ContinuousClock.now
                let refused = try desk.token(as: try desk.agent("orchestrator"), Self.scope)
                #expect(refused.status == 503, "\(what): \(refused)")
                #expect(refused["error"] == "temporarily_unavailable", "\(what): \(refused)")
                #expect(refused.header("Retry-After") != nil, "\(what)")
                #expect(ContinuousClock.now - start < .seconds(8), "\(what)")
                // What needs memory only goes on.
                #expect(try desk.isActive(token), "\(what)")
                #expect(try HTTP.get("/readyz", from: broker.port).status == 503, "\(what)")
                #expect(try HTTP.get("/healthz", from: broker.port).status == 200, "\(what)")
            }
            func waitUntilReady() throws {
                let end = ContinuousClock.now + .seconds(20)
                while try HTTP.get("/readyz", from: broker.port).status != 200 {
                    try #require(ContinuousClock.now < end, "the broker did not become ready")
                    sched_yield()
                }
            }
            try server.crash()
            try expectOutage("down")
            try server.start()
            try waitUntilReady()
            #expect(try desk.isActive(try desk.mint("orchestrator", Self.scope)))
            try server.freeze()
            try expectOutage("frozen")
            try server.thaw()
            try waitUntilReady()
            let last = try desk.mint("orchestrator", Self.scope)
            #expect(try desk.isActive(last) && desk.isActive(token))
            let verified = try broker.run(["ledger", "verify", "--dir", broker.directory, "--server", broker.url])
            #expect(verified.status == 0, "\(verified)")
            #expect(try broker.stop() == 0, "\((try? broker.errors()) ?? "")")
            #expect(try broker.errors().contains("the database cannot be reached"))
            #expect(!(try broker.errors().contains(last)))
        }
    }

    @Test func aBrokerMovesIntoADatabaseAndBackWithTokensAndProofsIntact() throws {
        let place = try PostgresServer.shared().place()
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let token = try desk.mint("orchestrator", Self.scope)
        let checkpoint = broker.folder.path + "/checkpoint"
        let dead = try desk.mint("orchestrator", Self.scope + [("task", "dead")])
        try desk.change("POST", "/api/v1/revocations", .object(["task": .string("dead"), "reason": .string("test")]))
        let saved = try broker.run([
            "ledger", "verify", "--save", checkpoint, "--dir", broker.directory, "--server", broker.url,
        ])
        #expect(saved.status == 0, "\(saved)")
        let running = try broker.run(["store", "migrate", "--from", broker.directory, "--to", place.url])
        #expect(running.status == 3 && running.errors.contains("a broker is using"), "\(running)")
        func check() throws {
            try broker.start()
            #expect(try desk.isActive(token) && !desk.isActive(dead))
            #expect(try desk.isActive(try desk.mint("orchestrator", Self.scope)))
            let proven = try broker.run([
                "ledger", "verify", "--checkpoint", checkpoint, "--save", checkpoint, "--dir", broker.directory,
                "--server", broker.url,
            ])
            #expect(proven.status == 0, "\(proven)")
            #expect(try broker.stop() == 0)
            let doctor = try broker.run(["doctor", "--dir", broker.directory])
            #expect(doctor.status == 0, "\(doctor)")
        }
        #expect(try broker.stop() == 0)
        let moved = try broker.run(["store", "migrate", "--from", broker.directory, "--to", place.url])
        #expect(moved.status == 0 && moved.output.contains("both stores hold the same rows"), "\(moved)")
        let twice = try broker.run(["store", "migrate", "--from", broker.directory, "--to", place.url])
        #expect(twice.status == 3 && twice.errors.contains("there is something in"), "\(twice)")
        let config = try Files.text(broker.configFile)
        try Files.write(
            config.replacing("store: ../data/mayfly.db", with: "store: \"\(place.url)\""), to: broker.configFile)
        try check()
        let back = try broker.run([
            "store", "migrate", "--from", broker.directory, "--to", broker.directory + "/data/back.db", "--json",
        ])
        #expect(back.status == 0, "\(back)")
        try Files.write(
            config.replacing("store: ../data/mayfly.db", with: "store: ../data/back.db"), to: broker.configFile)
        try check()
    }
}
