import Glibc
import MayflyModel
import Testing

/// What is not as it must be stops the start, and the message says what to do.
@Suite struct StartTests {
    @Test func aKeyThatOthersCanReadIsRefused() throws {
        let broker = try RunningMayfly()
        for name in try keyFiles(broker) {
            try Files.setMode(0o644, of: "\(broker.keysFolder)/\(name)")
            // The administrator's key is the administrator's: the broker never reads it.
            if name != "admin.pem" { try expectRefusal(broker, saying: ["0600", broker.keysFolder]) }
            try Files.setMode(0o600, of: "\(broker.keysFolder)/\(name)")
        }
        try broker.start()
    }

    @Test func aKeyFolderThatOthersCanEnterIsRefused() throws {
        let broker = try RunningMayfly()
        try Files.setMode(0o755, of: broker.keysFolder)
        try expectRefusal(broker, saying: ["chmod 0700", broker.keysFolder])
    }

    @Test func aMissingKeyIsRefused() throws {
        let broker = try RunningMayfly()
        for name in try keyFiles(broker) where name != "admin.pem" {
            let path = "\(broker.keysFolder)/\(name)"
            #expect(rename(path, path + ".away") == 0)
            try expectRefusal(broker, saying: [broker.keysFolder])
            #expect(rename(path + ".away", path) == 0)
        }
        try broker.start()
    }

    @Test func anUnknownSettingIsNamedWithItsPlace() throws {
        let broker = try RunningMayfly()
        let text = try Files.text(broker.configFile)
        try Files.write(text + "tokne_life: 5m\n", to: broker.configFile)
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).count
        try expectRefusal(broker, saying: ["\(broker.configFile):\(line):1: tokne_life"])
    }

    @Test func plainHTTPForOtherMachinesIsRefused() throws {
        let broker = try RunningMayfly()
        try Files.replace("listen: \"127.0.0.1:0\"", with: "listen: \"0.0.0.0:0\"", in: broker.configFile)
        try expectRefusal(broker, saying: ["behind_proxy: true", broker.configFile])
    }

    @Test func aSecondBrokerOnTheSameFolderIsRefused() throws {
        let broker = try RunningMayfly.started()
        try expectRefusal(broker, saying: ["another broker", broker.databaseFile])
        #expect(try HTTP.get("/readyz", from: broker.port).status == 200)
        // Once it is gone, by whatever end, nothing is left in the way.
        try broker.kill()
        try broker.start()
    }

    @Test func aPortThatIsTakenIsNamed() throws {
        let taken = try ListeningSocket()
        defer { taken.close() }
        try expectRefusal(try RunningMayfly(port: taken.port), saying: ["127.0.0.1:\(taken.port)"])
    }

    @Test func aFolderThatInitDidNotMakeIsRefused() throws {
        let folder = try TemporaryFolder()
        let refused = try CommandResult.run(
            try RunningMayfly.program(), ["serve", "--dir", folder.path], in: folder)
        #expect(refused.status == 3, "\(refused)")
        #expect(refused.errors.contains("mayfly init"), "\(refused)")
    }

    @Test func initNeverReplacesABroker() throws {
        let broker = try RunningMayfly()
        let before = try Files.text(broker.keysFolder + "/admin.pem")
        let again = try broker.run(["init", "--dir", broker.directory])
        #expect(again.status == 3, "\(again)")
        #expect(try Files.text(broker.keysFolder + "/admin.pem") == before)
        try broker.start()
    }

    @Test(.enabled(if: FakeTime.isUsable, "needs Debian's package faketime, and a program without a sanitizer"))
    func aClockBehindTheLedgerIsRefusedUnlessAccepted() throws {
        let broker = try RunningMayfly()
        try broker.start()
        try broker.stop()
        let refused = try CommandResult.run(
            FakeTime.program,
            FakeTime.hourBehind + [try RunningMayfly.program(), "serve", "--dir", broker.directory], in: broker.folder)
        #expect(refused.status == 3, "\(refused)")
        #expect(refused.errors.contains("behind the last ledger entry"), "\(refused)")
        #expect(refused.errors.contains("--accept-clock"), "\(refused)")

        let accepted = try ChildProcess(
            FakeTime.program,
            FakeTime.hourBehind + [
                try RunningMayfly.program(), "serve", "--dir", broker.directory, "--accept-clock",
            ], isGroup: true, errors: broker.folder.path + "/accepted")
        #expect(try accepted.line()?.hasPrefix("mayfly ready on ") == true)
        accepted.signal(SIGTERM)
        try accepted.wait()
    }

    private func expectRefusal(
        _ broker: RunningMayfly, saying words: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let refused = try broker.refusedStart()
        #expect(refused.status == 3, "\(refused)", sourceLocation: sourceLocation)
        #expect(refused.output.isEmpty, "\(refused)", sourceLocation: sourceLocation)
        for word in words { #expect(refused.errors.contains(word), "\(refused)", sourceLocation: sourceLocation) }
        let lines = refused.errors.split(separator: "\n")
        #expect((1...3).contains(lines.count), "\(refused)", sourceLocation: sourceLocation)
    }

    private func keyFiles(_ broker: RunningMayfly) throws -> [String] {
        let names = try Files.list(broker.keysFolder)
        #expect(names.contains("admin.pem") && names.contains("ledger.pem") && names.count >= 3, "\(names)")
        return names
    }
}

/// A clock of its own for one program, which the wrapper starts and waits for.
enum FakeTime {
    static let program = "/usr/bin/faketime"
    /// A sanitizer and the library that fakes the time both take over the C library's calls, and wait for each other.
    static let isUsable = access(program, X_OK) == 0 && getenv("MAYFLY_SANITIZER") == nil
    static let hourBehind = ["--exclude-monotonic", "-f", "-1h"]
}
