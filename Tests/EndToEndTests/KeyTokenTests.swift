import Dispatch
import Glibc
import MayflyCrypto
import MayflyModel
import Synchronization
import Testing
import TokenHarness

/// Brokers and agents whose keys never leave a PKCS#11 token: SoftHSM.
@Suite struct KeyTokenTests {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]

    /// A SoftHSM with one token, and a broker's options for it.
    private struct Bench {
        let folder: TemporaryFolder
        let hsm: SoftHSM
        let pinFile: String

        init() throws {
            folder = try TemporaryFolder()
            hsm = try SoftHSM(["mayfly"], in: folder.path)
            pinFile = folder.path + "/pin"
            try Files.write(SoftHSM.pin + "\n", to: pinFile)
        }

        func broker() throws -> RunningMayfly {
            try RunningMayfly.onFixedPort(
                options: [
                    "--pkcs11-module", SoftHSM.module, "--pkcs11-token", "mayfly", "--pin-file", pinFile,
                ], environment: hsm.environment)
        }

        func signingKeys() throws -> Int {
            try hsm.privateKeys("mayfly").split(separator: "\n").filter { $0.contains("mayfly sign-") }.count
        }
    }

    private func mayfly(_ arguments: [String], _ broker: RunningMayfly) throws -> CommandResult {
        try broker.run(arguments + ["--dir", broker.directory, "--server", broker.url])
    }

    private func keyID(_ token: String) throws -> String { try #require(try JWS.parse(Array(token.utf8)).keyID) }

    private func signingFiles(_ broker: RunningMayfly) throws -> [String] {
        try Files.list(broker.keysFolder).filter { $0.hasPrefix("sign-") }
    }

    /// Has PyJWT check a token with the broker's key set.
    private func checkWithPyJWT(_ token: String, _ broker: RunningMayfly) throws {
        guard let python = getenv("MAYFLY_TEST_PYTHON").map({ String(cString: $0) }) else { return }
        let script = """
            import sys, jwt
            url, token, algorithm = sys.argv[1:]
            key = jwt.PyJWKClient(url + "/.well-known/jwks.json").get_signing_key_from_jwt(token).key
            jwt.decode(token, key, algorithms=[algorithm], audience="https://tickets.example.com", issuer=url)
            """
        let algorithm = try JWS.parse(Array(token.utf8)).header["alg"]?.stringValue ?? ""
        let checked = try CommandResult.run(
            python, ["-c", script, broker.url, token, algorithm], in: broker.folder)
        #expect(checked.status == 0, "\(checked)")
    }

    @Test func brokerSignsInItsTokenThroughRotationRestartAndCompromise() throws {
        let bench = try Bench()
        let broker = try bench.broker()
        #expect(try signingFiles(broker) == [])
        #expect(try bench.signingKeys() == 4)
        try broker.start()
        let desk = try Desk.open(broker)
        let first = try desk.mint("support", Self.scope)
        try checkWithPyJWT(first, broker)
        #expect(try desk.isActive(first))

        #expect(try mayfly(["keys", "rotate"], broker).status == 0)
        let second = try desk.mint("support", Self.scope)
        #expect(try keyID(second) != keyID(first))
        try checkWithPyJWT(second, broker)
        // What retired is destroyed in the token; its tokens live on.
        #expect(try bench.signingKeys() == 4)
        #expect(try desk.isActive(first))

        try broker.kill()
        try broker.start()
        for token in [first, second] { #expect(try desk.isActive(token)) }
        #expect(try keyID(desk.mint("support", Self.scope)) == keyID(second))

        let ended = try mayfly(["keys", "compromise", keyID(second), "--reason", "drill"], broker)
        #expect(ended.status == 0, "\(ended)")
        #expect(try !desk.isActive(second))
        #expect(try bench.signingKeys() == 4)
        let third = try desk.mint("support", Self.scope)
        try checkWithPyJWT(third, broker)
        #expect(try broker.stop() == 0)
        let doctor = try broker.run(["doctor", "--dir", broker.directory])
        #expect(doctor.status == 0 && doctor.output.contains("in its token"), "\(doctor)")
        #expect(try signingFiles(broker) == [])
    }

    @Test func rs256KeyOfATokenIsCheckedByOthers() throws {
        let bench = try Bench()
        let broker = try bench.broker()
        try broker.start()
        let desk = try Desk.open(broker)
        let read = try desk.call("GET", "/api/v1/resources/tickets")
        var spec = read.object
        for name in ["keys", "created", "epoch", "version", "has_secret"] { spec[name] = nil }
        spec["token_signing_alg"] = .string("RS256")
        let changed = try desk.call(
            "PUT", "/api/v1/resources/tickets", .object(spec), [("If-Match", read.header("ETag") ?? "")])
        #expect(changed.status == 200, "\(changed)")
        let token = try desk.mint("support", Self.scope)
        #expect(try JWS.parse(Array(token.utf8)).header["alg"]?.stringValue == "RS256")
        try checkWithPyJWT(token, broker)
        #expect(try broker.stop() == 0)
    }

    @Test func eightClientsAtOnceGetTokensThatAreGood() throws {
        let bench = try Bench()
        let broker = try bench.broker()
        try broker.start()
        let desk = try Desk.open(broker)
        let port = broker.port
        let forms = try (0..<80).map { _ in
            Desk.encoded(
                [("grant_type", "client_credentials")] + Self.scope + (try desk.proof(try desk.agent("support"))))
        }
        let tokens = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { client in
            for form in forms[(client * 10)..<(client * 10 + 10)] {
                let answer = try? HTTP.send(
                    "POST", "/oauth2/token", [("Content-Type", "application/x-www-form-urlencoded")],
                    Array(form.utf8), to: port)
                if let token = answer?["access_token"] { tokens.withLock { $0.append(token) } }
            }
        }
        let all = tokens.withLock { $0 }
        #expect(all.count == 80)
        for token in all {
            let check = try mayflyCheck(token, broker)
            #expect(check)
        }
        #expect(try broker.stop() == 0)
    }

    /// Whether the published key verifies the token; in this process, so that eighty take no time.
    private func mayflyCheck(_ token: String, _ broker: RunningMayfly) throws -> Bool {
        let jws = try JWS.parse(Array(token.utf8))
        let keys = try HTTP.get("/.well-known/jwks.json", from: broker.port).object["keys"]?.arrayValue ?? []
        let jwk = keys.compactMap(\.objectValue).first { $0["kid"]?.stringValue == jws.keyID }
        return jws.isSigned(by: try PublicKey(jwk: try #require(jwk)))
    }

    @Test func startSaysWhatIsWrongAndNeverThePIN() throws {
        let bench = try Bench()
        let broker = try bench.broker()
        func refused(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
            let start = try broker.refusedStart()
            #expect(start.status == 3, "\(start)", sourceLocation: sourceLocation)
            #expect(start.errors.contains(text), "\(start)", sourceLocation: sourceLocation)
            #expect(!start.errors.contains("493817") && !start.errors.contains("111111"), "\(start)")
            let doctor = try broker.run(["doctor", "--dir", broker.directory])
            #expect(doctor.status == 1 && doctor.output.contains(text), "\(doctor)", sourceLocation: sourceLocation)
        }
        try Files.write("111111\n", to: bench.pinFile)
        try refused("does not take the PIN")
        try Files.write("\n", to: bench.pinFile)
        try refused("PIN is empty")
        unlink(bench.pinFile)
        try refused("is not there")
        try Files.write(SoftHSM.pin, to: bench.pinFile, mode: 0o644)
        try refused("mode 0600")
        unlink(bench.pinFile)
        try Files.write(SoftHSM.pin, to: bench.pinFile)
        let config = try Files.text(broker.configFile)
        for (old, new, text) in [
            (SoftHSM.module, "/no/such/module.so", "module cannot be loaded"),
            ("token: \"mayfly\"", "token: \"another\"", "no PKCS#11 token with that label"),
        ] {
            try Files.write(config.replacing(old, with: new), to: broker.configFile, mode: 0o644)
            try refused(text)
        }
        try Files.write(config, to: broker.configFile, mode: 0o644)
        try broker.start()
        #expect(try broker.stop() == 0)
    }

    @Test func keyThatVanishesStopsItsGrantsAndNothingElse() throws {
        let bench = try Bench()
        let broker = try bench.broker()
        try broker.start()
        let desk = try Desk.open(broker)
        let token = try desk.mint("support", Self.scope)
        let admin = try desk.adminToken()
        let label = "mayfly sign-\(try keyID(token))"
        #expect(try HTTP.get("/readyz", from: broker.port).status == 200)
        #expect(try bench.hsm.tool("mayfly", ["--delete-object", "--type", "privkey", "--label", label]) == 0)
        let refused = try desk.token(as: try desk.agent("support"), Self.scope)
        #expect(refused.status == 503 && refused["error"] == "temporarily_unavailable", "\(refused)")
        #expect(try HTTP.get("/readyz", from: broker.port).status == 503)
        try broker.waitForLog("a signing key cannot be used")
        // What is out is still answered for.
        #expect(try desk.isActive(token))
        let rotated = try HTTP.send(
            "POST", "/api/v1/keys/rotate", [("Authorization", "Bearer " + admin)], [], to: broker.port)
        #expect(rotated.status == 200, "\(rotated)")
        let end = ContinuousClock.now + .seconds(30)
        while try HTTP.get("/readyz", from: broker.port).status != 200, ContinuousClock.now < end { usleep(100_000) }
        #expect(try HTTP.get("/readyz", from: broker.port).status == 200)
        let fresh = try desk.mint("support", Self.scope)
        #expect(try desk.isActive(fresh))
        try broker.waitForLog("can be used again")
        #expect(try broker.stop() == 0)
    }

    @Test func tokenThatIsTakenOutStopsGrantsUntilTheBrokerStartsWithItAgain() throws {
        let bench = try Bench()
        let broker = try bench.broker()
        try broker.start()
        let desk = try Desk.open(broker)
        let token = try desk.mint("support", Self.scope)
        let (tokens, away) = (bench.hsm.folder + "/tokens", bench.hsm.folder + "/away")
        #expect(rename(tokens, away) == 0)
        let refused = try desk.token(as: try desk.agent("support"), Self.scope)
        #expect(refused.status == 503, "\(refused)")
        #expect(try HTTP.get("/readyz", from: broker.port).status == 503)
        #expect(rename(away, tokens) == 0)
        // SoftHSM finds its tokens when it is loaded, and never again.
        #expect(try desk.isActive(token))
        #expect(try broker.stop() == 0)
        try broker.start()
        #expect(try HTTP.get("/readyz", from: broker.port).status == 200)
        #expect(try desk.isActive(token))
        #expect(try desk.isActive(try desk.mint("support", Self.scope)))
        #expect(try broker.stop() == 0)
    }

    @Test func brokerMovesFromFilesIntoATokenWithTwoRotations() throws {
        let bench = try Bench()
        let broker = try RunningMayfly.onFixedPort(environment: bench.hsm.environment)
        try broker.start()
        let desk = try Desk.open(broker)
        let token = try desk.mint("support", Self.scope)
        #expect(try broker.stop() == 0)
        let config = try Files.text(broker.configFile)
        let keys = """
            pkcs11: {module: "\(SoftHSM.module)", token: mayfly, pin_file: "\(bench.pinFile)"}
            """
        try Files.write(
            config.replacing("  directory: ../keys\n", with: "  directory: ../keys\n  \(keys)\n"),
            to: broker.configFile,
            mode: 0o644)
        let doctor = try broker.run(["doctor", "--dir", broker.directory])
        #expect(doctor.status == 1 && doctor.output.contains("in a file and not in the token"), "\(doctor)")
        try broker.start()
        #expect(try desk.isActive(token))
        for _ in 0..<2 { #expect(try mayfly(["keys", "rotate"], broker).status == 0) }
        #expect(try signingFiles(broker) == [])
        #expect(try bench.signingKeys() == 4)
        #expect(try desk.isActive(token))
        #expect(try desk.isActive(try desk.mint("support", Self.scope)))
        #expect(try broker.stop() == 0)
        #expect(try broker.run(["doctor", "--dir", broker.directory]).status == 0)
    }

    @Test func agentProvesItselfWithAKeyThatItCannotCopy() throws {
        let bench = try Bench()
        let broker = try RunningMayfly.onFixedPort(environment: bench.hsm.environment)
        try broker.start()
        let desk = try Desk.open(broker)
        let code = try #require(try desk.change("POST", "/api/v1/agents/support/enrolment-codes")["code"])
        let key = "pkcs11:token=mayfly;object=agent-support"
        let place = ["--server", broker.url, "--key", key, "--pkcs11-module", SoftHSM.module]
        let opened = place + ["--passphrase-file", bench.pinFile]
        let enrolled = try broker.run(["agent", "enroll", "support", "--code", code] + opened)
        #expect(enrolled.status == 0, "\(enrolled)")
        #expect(try bench.hsm.privateKeys("mayfly").contains("agent-support"))
        let ask = ["token", "request", "--agent", "support", "--resource", "tickets", "--scope", "tickets:read"]
        let given = try broker.run(ask + opened)
        #expect(given.status == 0, "\(given)")
        let token = try #require(given.output.split(separator: "\n").first.map(String.init))
        #expect(try desk.isActive(token))

        // Bound to the same key, and proved with it.
        let bound = try broker.run(ask + opened + ["--dpop"])
        #expect(bound.status == 0, "\(bound)")
        let held = try #require(bound.output.split(separator: "\n").first.map(String.init))
        let thumbprint = try JWS.parse(Array(held.utf8)).claims()["cnf"]?.objectValue?["jkt"]?.stringValue
        #expect(enrolled.output.contains(try #require(thumbprint)))
        let proof = try broker.run(
            [
                "token", "proof", held, "--url", "https://tickets.example.com/x", "--dpop-key", key,
                "--pkcs11-module", SoftHSM.module, "--passphrase-file", bench.pinFile,
            ])
        #expect(proof.status == 0, "\(proof)")

        for (arguments, status, text) in [
            (ask + place, 2, "give its PIN"),
            (ask + place + ["--passphrase-fd", "77"], 3, "not open for reading"),
            (ask + ["--server", broker.url, "--key", key], 2, "--pkcs11-module"),
            (ask + ["--server", broker.url, "--key", key + "?pin-value=493817"] + opened.suffix(4), 2, "URI"),
            (ask + ["--server", broker.url, "--key", key + "x"] + opened.suffix(4), 3, "does not hold that key"),
        ] as [([String], Int32, String)] {
            let refused = try broker.run(arguments)
            #expect(refused.status == status && refused.errors.contains(text), "\(arguments) \(refused)")
            #expect(!refused.errors.contains("493817"))
        }
        let wrong = bench.folder.path + "/wrong"
        try Files.write("222222", to: wrong)
        let refused = try broker.run(ask + place + ["--passphrase-file", wrong])
        #expect(refused.status == 3 && refused.errors.contains("does not take the PIN"), "\(refused)")
        #expect(try broker.stop() == 0)
    }
}
