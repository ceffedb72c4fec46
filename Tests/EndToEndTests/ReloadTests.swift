import Glibc
import MayflyModel
import PostgresHarness
import Testing

/// SIGHUP changes what a running broker does, or nothing at all.
@Suite struct ReloadTests {
    @Test func whatTheFileSaysHoldsForTheNextRequest() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let agent = try desk.agent("support")
        let fields = [("resource", "tickets")]
        #expect(try desk.token(as: agent, fields).object["expires_in"] == .integer(300))

        try Files.replace("default_life: 5m", with: "default_life: 20s", in: broker.configFile)
        try Files.replace("format: text", with: "format: json", in: broker.configFile)
        try Files.replace("mint: off", with: "mint: {rate: 1, burst: 2}", in: broker.configFile)
        broker.signal(SIGHUP)
        try broker.waitForLog("the configuration was reloaded")
        #expect(try broker.errors().contains(#""message":"the configuration was reloaded""#))
        #expect(try desk.token(as: agent, fields).object["expires_in"] == .integer(20))
        let answers = try (0..<4).map { _ in try desk.token(as: agent, fields) }
        #expect(answers.contains { $0.status == 429 && $0.header("Retry-After") == "1" }, "\(answers)")
        // The administrator, whose kill switch it is, is not limited.
        for _ in 0..<5 { _ = try desk.adminToken() }

        try Files.replace("mint: {rate: 1, burst: 2}", with: "mint: off", in: broker.configFile)
        try Files.replace("mint_owner: off", with: "mint_owner: {rate: 1, burst: 2}", in: broker.configFile)
        try Files.replace("format: json", with: "format: text", in: broker.configFile)
        broker.signal(SIGHUP)
        try broker.waitForLog(" the configuration was reloaded")
        let shared = try (0..<4).map { _ in try desk.token(as: agent, fields) }
        #expect(shared.contains { $0.status == 429 }, "\(shared)")
        #expect(try desk.call("GET", "/api/v1/ledger?event=request.limited").text.contains("limit.mint.owner"))
    }

    @Test func anErrorKeepsTheOldConfigurationAndNamesItsPlace() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let text = try Files.text(broker.configFile)
        let changed = text.replacingOccurrence(of: "default_life: 5m", with: "default_life: 20s")
        try Files.write(changed + "tokne_life: 5m\n", to: broker.configFile, mode: 0o644)
        broker.signal(SIGHUP)
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).count
        try broker.waitForLog("\(broker.configFile):\(line):1: tokne_life")
        #expect(try broker.errors().contains("the old one holds"))
        #expect(try life(desk) == .integer(300))
        // Corrected, the same file is taken.
        try Files.write(changed, to: broker.configFile, mode: 0o644)
        broker.signal(SIGHUP)
        try broker.waitForLog("the configuration was reloaded")
        #expect(try life(desk) == .integer(20))
    }

    @Test(arguments: [
        ("issuer: \"http://127.0.0.1\"", "issuer: \"https://other.example\"", "issuer"),
        ("listen: \"127.0.0.1:0\"", "listen: \"127.0.0.1:1\"", "listen"),
        ("directory: ../keys", "directory: ../other", "keys.directory"),
        ("store: ../data/mayfly.db", "store: ../data/other.db", "store"),
        ("# threads: 2", "threads: 3", "limits.threads"),
        ("# connections: 4096", "connections: 99", "limits.connections"),
    ])
    func whatAStartAloneCanChangeIsRefusedWithEverythingElse(_ old: String, _ new: String, _ name: String) throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        try Files.replace(old, with: new, in: broker.configFile)
        try Files.replace("default_life: 5m", with: "default_life: 20s", in: broker.configFile)
        broker.signal(SIGHUP)
        try broker.waitForLog("a change of \(name) needs a restart")
        #expect(try life(desk) == .integer(300))
        #expect(broker.isRunning)
    }

    @Test func whatTheCommandLineSaysStandsOverTheFileAtAReloadToo() throws {
        let broker = try RunningMayfly()
        try Files.replace("listen: \"127.0.0.1:0\"", with: "listen: \"127.0.0.1:1\"", in: broker.configFile)
        broker.serveOptions = ["--listen", "127.0.0.1:0"]
        try broker.start()
        let desk = try Desk.open(broker)
        try Files.replace("default_life: 5m", with: "default_life: 20s", in: broker.configFile)
        broker.signal(SIGHUP)
        try broker.waitForLog("the configuration was reloaded")
        #expect(try life(desk) == .integer(20))
    }

    @Test func aNodeThatIsNamedOnTheCommandLineReloads() throws {
        let cluster = try RunningCluster(["a"], on: try PostgresServer.shared())
        try cluster.start()
        let node = cluster.nodes[0]
        node.signal(SIGHUP)
        try node.waitForLog("the configuration was reloaded")
        #expect(try cluster.stop() == [0])
    }

    private func life(_ desk: Desk) throws -> JSONValue? {
        try desk.token(as: try desk.agent("support"), [("resource", "tickets")]).object["expires_in"]
    }
}

extension String {
    fileprivate func replacingOccurrence(of old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return replacingCharacters(in: range, with: new)
    }
}
