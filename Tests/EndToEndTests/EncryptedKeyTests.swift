import Glibc
import MayflyCrypto
import MayflyModel
import Testing

/// Brokers, administrators and agents whose key files are encrypted.
@Suite struct EncryptedKeyTests {
    private static let passphrase = "pa55 phrase of the test"
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]

    private func secret() -> Secret {
        var bytes = Array(Self.passphrase.utf8)
        return Secret(taking: &bytes)
    }

    /// Runs a command of the program with `file` as its descriptor 3.
    private func run(_ arguments: [String], reading file: String, _ folder: TemporaryFolder) throws -> CommandResult {
        try CommandResult.run(
            "/bin/sh", ["-c", "exec \"$@\" 3< \"$FILE\"", "sh", try RunningMayfly.program()] + arguments,
            environment: ["FILE": file], in: folder)
    }

    @Test func everyKeyOfABrokerIsEncryptedAndItServesWithThem() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/passphrase"
        try Files.write(Self.passphrase + "\n", to: file)
        let broker = try RunningMayfly.onFixedPort(options: ["--passphrase-file", file])
        let files = try Files.list(broker.keysFolder).filter { $0.hasSuffix(".pem") }
        #expect(files.count == 6)
        for name in files {
            let text = try Files.text("\(broker.keysFolder)/\(name)")
            #expect(text.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "\(name)")
        }
        try broker.start()
        // The administrator's key lies beside the broker's own, and --dir finds what opens it.
        let here = ["--dir", broker.directory, "--server", broker.url]
        let rotated = try broker.run(["keys", "rotate"] + here)
        #expect(rotated.status == 0, "\(rotated)")
        for name in try Files.list(broker.keysFolder) where name.hasPrefix("sign-") {
            #expect(try Files.text("\(broker.keysFolder)/\(name)").contains("ENCRYPTED"), "\(name)")
        }
        try broker.kill()
        try broker.start()
        let there = ["--server", broker.url, "--admin-key", broker.keysFolder + "/admin.pem"]
        #expect(try broker.run(["keys", "list"] + there + ["--passphrase-file", file]).status == 0)
        let closed = try broker.run(["keys", "list"] + there)
        #expect(closed.status == 3 && closed.errors.contains("encrypted"), "\(closed)")
        let passed = try run(["keys", "list"] + there + ["--passphrase-fd", "3"], reading: file, folder)
        #expect(passed.status == 0, "\(passed)")
        let errors = try broker.errors()
        #expect(!errors.contains("pa55"))
        #expect(try broker.stop() == 0)
        let doctor = try broker.run(["doctor", "--dir", broker.directory])
        #expect(doctor.status == 0, "\(doctor)")

        // What the operator may get wrong.
        func refused(_ content: String?, mode: mode_t = 0o600, _ text: String) throws {
            unlink(file)
            if let content { try Files.write(content, to: file, mode: mode) }
            let start = try broker.refusedStart()
            #expect(start.status == 3 && start.errors.contains(text), "\(start)")
            #expect(!start.errors.contains("pa55") && !start.errors.contains("another"), "\(start)")
        }
        try refused("another", "does not open the key")
        try refused("", "is empty")
        try refused(String(repeating: "another", count: 200), "longer than 1024 bytes")
        try refused("another\nanother\n", "not one line")
        try refused(Self.passphrase, mode: 0o640, "mode 0600")
        try refused(nil, "is not there")
    }

    @Test func passphraseComesFromADescriptorOrFromSystemd() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/passphrase"
        try Files.write(Self.passphrase, to: file, mode: 0o400)
        let broker = try RunningMayfly.onFixedPort(
            options: ["--passphrase-credential", "passphrase"], environment: ["CREDENTIALS_DIRECTORY": folder.path])
        try broker.start()
        let desk = try Desk(broker, passphrase: secret())
        #expect(try desk.call("GET", "/api/v1/keys").status == 200)
        #expect(try broker.stop() == 0)
        broker.environment = [:]
        let outside = try broker.refusedStart()
        #expect(outside.status == 3 && outside.errors.contains("CREDENTIALS_DIRECTORY is not set"), "\(outside)")

        let text = try Files.text(broker.configFile)
        let changed = text.replacing("passphrase_credential: \"passphrase\"", with: "passphrase_fd: 3")
        #expect(changed != text)
        try Files.write(changed, to: broker.configFile, mode: 0o644)
        let closed = try broker.refusedStart()
        #expect(closed.status == 3 && closed.errors.contains("3< FILE"), "\(closed)")
        let doctor = try run(["doctor", "--dir", broker.directory], reading: file, folder)
        #expect(doctor.status == 0, "\(doctor)")
    }

    @Test func agentsKeyIsEncryptedWhenItIsMade() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let code = try #require(try desk.change("POST", "/api/v1/agents/support/enrolment-codes")["code"])
        let folder = broker.folder
        let (key, file) = (folder.path + "/support.pem", folder.path + "/passphrase")
        try Files.write(Self.passphrase, to: file)
        let place = ["--server", broker.url, "--key", key]
        let opened = place + ["--passphrase-fd", "3"]
        let enrolled = try run(["agent", "enroll", "support", "--code", code] + opened, reading: file, folder)
        #expect(enrolled.status == 0, "\(enrolled)")
        #expect(try Files.text(key).hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        #expect(throws: CryptoError.passphraseMissing) { try PrivateKeyFile.read(key) }
        let ask = ["token", "request", "--agent", "support", "--resource", "tickets", "--scope", "tickets:read"]
        let given = try run(ask + opened, reading: file, folder)
        #expect(given.status == 0, "\(given)")
        let rotated = try run(["agent", "rotate-key", "support"] + opened, reading: file, folder)
        #expect(rotated.status == 0, "\(rotated)")
        #expect(try Files.text(key).hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        #expect(try run(ask + opened, reading: file, folder).status == 0)
        let wrong = folder.path + "/wrong"
        try Files.write("another", to: wrong)
        let refused = try run(ask + opened, reading: wrong, folder)
        #expect(refused.status == 3 && refused.errors.contains("does not open the key"), "\(refused)")
        // Nobody is asked: without a passphrase the command ends at once.
        let unasked = try broker.run(ask + place)
        #expect(unasked.status == 3 && unasked.errors.contains("where its passphrase is"), "\(unasked)")
        let two = try broker.run(ask + place + ["--passphrase-file", file, "--passphrase-fd", "3"])
        #expect(two.status == 2, "\(two)")
        #expect(try broker.stop() == 0)
    }

    @Test func filesThatArePlainAreEncryptedInPlace() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let token = try desk.mint("support", Self.scope)
        let file = broker.folder.path + "/passphrase"
        try Files.write(Self.passphrase, to: file)
        let config = try Files.text(broker.configFile)
        let unnamed = try broker.run(["keys", "encrypt", "--dir", broker.directory])
        #expect(unnamed.status == 3 && unnamed.errors.contains("passphrase"), "\(unnamed)")
        try Files.write(
            config.replacing("  directory: ../keys\n", with: "  directory: ../keys\n  passphrase_file: \"\(file)\"\n"),
            to: broker.configFile, mode: 0o644)
        #expect(try broker.stop() == 0)
        let unencrypted = try broker.run(["doctor", "--dir", broker.directory])
        #expect(unencrypted.status == 1 && unencrypted.output.contains("keys encrypt"), "\(unencrypted)")
        let done = try broker.run(["keys", "encrypt", "--dir", broker.directory, "--json"])
        #expect(done.status == 0, "\(done)")
        #expect(try JSONParser.parseObject(Array(done.output.utf8))["encrypted"]?.arrayValue?.count == 6)
        for name in try Files.list(broker.keysFolder) {
            #expect(try Files.text("\(broker.keysFolder)/\(name)").contains("ENCRYPTED"), "\(name)")
        }
        let again = try broker.run(["keys", "encrypt", "--dir", broker.directory, "--json"])
        #expect(again.status == 0 && again.output.contains("[]"), "\(again)")
        try broker.start()
        #expect(try desk.isActive(token))
        #expect(try broker.stop() == 0)
        #expect(try broker.run(["doctor", "--dir", broker.directory]).status == 0)
    }
}
