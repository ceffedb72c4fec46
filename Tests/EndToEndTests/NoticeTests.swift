import Glibc
import MayflyModel
import Testing

/// Commands that are told of what happens, and what a reload and a crash do to them.
@Suite struct NoticeTests {
    /// A program that keeps what it is told in `folder`, and does `more` before it ends.
    private func program(in folder: String, _ more: String = "exit 0") throws -> String {
        let path = "\(folder)/hook"
        try Files.write(
            """
            #!/bin/sh
            cat > "\(folder)/told.$MAYFLY_NOTICE.new"
            { env; echo "FDS $(ls /proc/self/fd | tr '\\n' ' ')"; echo "ARGS $*"; } > "\(folder)/environment"
            mv "\(folder)/told.$MAYFLY_NOTICE.new" "\(folder)/told.$MAYFLY_NOTICE"
            \(more)

            """, to: path, mode: 0o755)
        return path
    }

    private func configure(_ broker: RunningMayfly, _ program: String, _ events: String = "\"registry.changed\"") throws
    {
        let text = try Files.text(broker.configFile)
        let base = text.components(before: "\nnotices: ")
        try Files.write(
            base
                + "\nnotices: {commands: [{name: hook, run: [\"\(program)\", \"a b\", \"$HOME\"], events: [\(events)]}]}\n",
            to: broker.configFile, mode: 0o644)
    }

    private func wait(_ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(60)
        while try !condition() {
            guard ContinuousClock.now < end else { throw HarnessError("it did not come to pass within a minute") }
            sched_yield()
        }
    }

    private func told(_ folder: String) throws -> [String] {
        try Files.list(folder).filter { $0.hasPrefix("told.") && !$0.hasSuffix(".new") }.sorted()
    }

    private func addOwner(_ name: String, _ broker: RunningMayfly) throws {
        let made = try broker.run([
            "owner", "create", name, "--title", "A team", "--email", "team@example.com", "--dir", broker.directory,
            "--server", broker.url,
        ])
        #expect(made.status == 0, "\(made)")
    }

    @Test func aCommandGetsTheEntryOnItsInputAndNothingElseOfOurs() throws {
        let broker = try RunningMayfly()
        let folder = broker.folder.path
        try configure(broker, try program(in: folder))
        try broker.start()
        try addOwner("support-lead", broker)
        try wait { try !told(folder).isEmpty }
        let name = try #require(try told(folder).first)
        let body = try JSONParser.parseObject(Array(try Files.text("\(folder)/\(name)").utf8))
        #expect(body["type"] == .string("registry.changed"))
        #expect(body["data"]?.objectValue?["target"] == .string("owner:support-lead"))
        let environment = try Files.text("\(folder)/environment")
        #expect(environment.contains("MAYFLY_EVENT=registry.changed"))
        // No shell has looked at the arguments, and no descriptor but its own three and the folder that ls reads.
        #expect(environment.contains("ARGS a b $HOME"))
        #expect(environment.contains("FDS 0 1 2 3 \n"), "\(environment)")
        #expect(!environment.contains("HOME="))
        #expect(try broker.stop() == 0)
    }

    @Test func whatWasNotTakenIsToldAfterAKillAndAReload() throws {
        let broker = try RunningMayfly.onFixedPort()
        let folder = broker.folder.path
        try configure(broker, try program(in: folder, "exit 1"))
        try broker.start()
        try addOwner("support-lead", broker)
        try wait { try !told(folder).isEmpty }
        try broker.kill()
        let names = try told(folder)
        for name in names { unlink("\(folder)/\(name)") }
        try broker.start()
        try wait { try told(folder) == names }
        for name in names { unlink("\(folder)/\(name)") }
        _ = try program(in: folder)
        try wait { try told(folder) == names }
        // A reload that is wrong changes nothing; one that is right lets go of what is owed to nobody.
        try configure(broker, "/bin/true", "\"no.such\"")
        broker.signal(SIGHUP)
        try broker.waitForLog("not one that the ledger has")
        try configure(broker, "/no/such/program", "\"registry.changed\"")
        broker.signal(SIGHUP)
        try broker.waitForLog("the program of hook cannot be run; correct the path")
        try configure(broker, "/bin/true", "\"registry.changed\"")
        broker.signal(SIGHUP)
        try broker.waitForLog("the configuration was reloaded")
        let listed = try broker.run(["notice", "list", "--dir", broker.directory, "--json"])
        #expect(listed.status == 0 && listed.output.contains("\"hook\""), "\(listed)")
        #expect(try broker.stop() == 0)
    }

    @Test func aCommandThatNeverEndsHoldsUpNeitherRequestsNorTheStop() throws {
        let broker = try RunningMayfly()
        let folder = broker.folder.path
        try configure(broker, try program(in: folder, "sleep 600 & sleep 600"))
        try broker.start()
        try addOwner("support-lead", broker)
        try wait { try !told(folder).isEmpty }
        #expect(try HTTP.get("/readyz", from: broker.port).status == 200)
        let start = ContinuousClock.now
        #expect(try broker.stop() == 0)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func aSecretThatOthersCanReadIsRefusedAtTheStart() throws {
        let broker = try RunningMayfly()
        let path = "\(broker.keysFolder)/hook.webhook"
        #expect(try broker.run(["notice", "secret", "--out", path]).status == 0)
        #expect(chmod(path, 0o640) == 0)
        try Files.write(
            try Files.text(broker.configFile)
                + "\nnotices: {webhooks: [{name: hook, url: \"https://hooks.example.com\", "
                + "secret_file: ../keys/hook.webhook, events: [\"token.*\"]}]}\n",
            to: broker.configFile, mode: 0o644)
        let refused = try broker.refusedStart()
        #expect(refused.status != 0)
        #expect(refused.errors.contains("0600"), "\(refused)")
        #expect(!refused.errors.contains("whsec_"))
        // Doctor finds before the start what the start would find.
        let found = try broker.run(["doctor", "--dir", broker.directory])
        #expect(found.status == 1 && found.output.contains("FAILED notices can be sent\n"), "\(found)")
        #expect(found.output.contains("0600") && !found.output.contains("whsec_"))
        #expect(unlink(path) == 0)
        let missing = try broker.run(["doctor", "--dir", broker.directory])
        #expect(missing.output.contains("there is no such file"), "\(missing)")
        #expect(try broker.run(["notice", "secret", "--out", path]).status == 0)
        let well = try broker.run(["doctor", "--dir", broker.directory])
        #expect(well.status == 0 && well.output.contains("ok     notices can be sent\n"), "\(well)")
    }
}

extension String {
    /// What stands before the first `mark`; all of it without one.
    fileprivate func components(before mark: String) -> String {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(mark) { return String(self[..<rest.startIndex]) }
            rest.removeFirst()
        }
        return self
    }
}
