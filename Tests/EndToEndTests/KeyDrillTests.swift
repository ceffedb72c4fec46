import Glibc
import MayflyCrypto
import MayflyModel
import Testing

/// The drill for a stolen signing key, with the program itself.
@Suite struct KeyDrillTests {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]

    private func keyID(_ token: String) throws -> String { try #require(try JWS.parse(Array(token.utf8)).keyID) }

    private func mayfly(_ arguments: [String], _ broker: RunningMayfly) throws -> CommandResult {
        try broker.run(arguments + ["--dir", broker.directory, "--server", broker.url])
    }

    @Test func oneCommandEndsAKeyEverywhere() throws {
        let broker = try RunningMayfly.onFixedPort()
        let hook = broker.folder.path + "/hook"
        let told = broker.folder.path + "/told"
        try Files.write("#!/bin/sh\ncat >> \"\(told)\"\n", to: hook, mode: 0o755)
        let text = try Files.text(broker.configFile)
        try Files.write(
            text
                + "\nnotices: {commands: [{name: hook, run: [\"\(hook)\"], events: [\"signing_key.*\"]}]}\n",
            to: broker.configFile, mode: 0o644)
        try broker.start()
        let desk = try Desk.open(broker)
        let token = try desk.mint("support", Self.scope)
        #expect(try desk.isActive(token))
        let old = try keyID(token)
        let file = broker.keysFolder + "/sign-\(old).pem"
        let stolen = try PrivateKeyFile.read(file)
        let kept = broker.folder.path + "/jwks.json"
        try Files.write(try HTTP.get("/.well-known/jwks.json", from: broker.port).text, to: kept, mode: 0o644)
        let offline = ["token", "verify", token, "--audience", "https://tickets.example.com"]
        #expect(try mayfly(offline, broker).status == 0)

        let unreasoned = try mayfly(["keys", "compromise", old], broker)
        #expect(unreasoned.status == 2 && unreasoned.errors.contains("--reason"), "\(unreasoned)")
        let unknown = try mayfly(["keys", "compromise", "x", "--reason", "drill"], broker)
        #expect(unknown.status == 1 && unknown.errors.contains("list commands"), "\(unknown)")
        #expect(try desk.isActive(token))

        let done = try mayfly(["keys", "compromise", old, "--reason", "drill 7", "--json"], broker)
        #expect(done.status == 0, "\(done)")
        let answer = try JSONParser.parseObject(Array(done.output.utf8))
        #expect(answer["compromised"]?.stringValue == old)
        let successor = try #require(answer["successor"]?.stringValue)
        #expect(!Files.exists(file))

        // Online it is dead; offline with the keys of now as well, and with a key set of before only until then.
        #expect(try !desk.isActive(token))
        let refused = try mayfly(offline, broker)
        #expect(refused.status == 1, "\(refused)")
        let stale = try broker.run(offline + ["--jwks", kept, "--issuer", broker.issuer])
        #expect(stale.status == 0, "\(stale)")
        let fresh = try desk.mint("support", Self.scope)
        #expect(try keyID(fresh) == successor)
        #expect(try desk.isActive(fresh))
        #expect(try mayfly(["token", "verify", fresh], broker).status == 0)

        let end = ContinuousClock.now + .seconds(60)
        while try !Files.exists(told) || !Files.text(told).contains("drill 7") {
            guard ContinuousClock.now < end else { throw HarnessError("nobody was told") }
            sched_yield()
        }
        let notice = try Files.text(told)
        #expect(notice.contains("signing_key.compromised") && notice.contains("key:\(old)"), "\(notice)")
        let entries = try mayfly(["ledger", "query", "--event", "signing_key.compromised", "--json"], broker)
        #expect(entries.output.contains("drill 7"), "\(entries)")

        // Its file put back, a kill, a start: it stays what it is.
        try PrivateKeyFile.write(stolen, to: file)
        try broker.kill()
        try broker.start()
        #expect(!Files.exists(file))
        #expect(try !desk.isActive(token))
        #expect(try desk.isActive(fresh))
        let again = try mayfly(["keys", "compromise", old, "--reason", "drill 7"], broker)
        #expect(again.status == 1 && again.errors.contains("compromised already"), "\(again)")
        let list = try mayfly(["keys", "list"], broker)
        #expect(list.output.contains("compromised"), "\(list)")
        #expect(try broker.stop() == 0)
        let doctor = try broker.run(["doctor", "--dir", broker.directory])
        #expect(doctor.status == 0, "\(doctor)")
    }

    @Test func theLedgersKeyIsReplacedByHandAndTheCommandSaysHow() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let path = broker.keysFolder + "/ledger.pem"
        let keyID = try PrivateKeyFile.read(path).publicKey.thumbprint
        let refused = try mayfly(["keys", "compromise", keyID, "--reason", "drill"], broker)
        #expect(refused.status == 1 && refused.errors.contains("keys/ledger.pem"), "\(refused)")
        let first = broker.folder.path + "/first"
        #expect(try mayfly(["ledger", "verify", "--save", first], broker).status == 0)
        #expect(try broker.stop() == 0)
        unlink(path)
        try PrivateKeyFile.write(try PrivateKey.generate(.edDSA), to: path)
        try broker.start()
        // The tree is the same one; who has the old checkpoint finds that another key signs.
        #expect(try mayfly(["ledger", "verify"], broker).status == 0)
        let other = try mayfly(["ledger", "verify", "--checkpoint", first], broker)
        #expect(other.status != 0, "\(other)")
        #expect(try broker.stop() == 0)
    }
}
