import Glibc

/// The real program, in a folder of its own.
final class RunningMayfly {
    let folder: TemporaryFolder
    /// What `mayfly init` made.
    let directory: String
    private(set) var port: UInt16 = 0
    private var process: ChildProcess?
    private var starts = 0
    /// Its name among the brokers of one store; nil for a broker that has its store for itself.
    let node: String?
    private let fixedIssuer: String?
    /// More options of `serve`.
    var serveOptions: [String] = []
    /// What the program finds in its environment beside what it needs to run at all.
    var environment: [String: String] = [:]

    private var scheme = "http"

    var url: String { "\(scheme)://127.0.0.1:\(port)" }
    /// What it was started with; nil before.
    var processID: pid_t? { process?.pid }
    /// The base URL, since `init` was told no other; a node's is that of all nodes.
    var issuer: String { fixedIssuer ?? url }
    var configFile: String { directory + "/config/mayfly.yaml" }
    let keysFolder: String
    var databaseFile: String { directory + "/data/mayfly.db" }

    static func program() throws -> String { try Files.products() + "/mayfly" }

    /// Makes a broker's directory; a port of 0 takes a new one at each start, and with it another issuer.
    ///
    /// `store` is the URL of a database in place of a file, `options` are more of `init`'s own.
    init(
        port: UInt16 = 0, under parent: String? = nil, store: String? = nil, issuer: String? = nil,
        options: [String] = [], environment: [String: String] = [:]
    ) throws {
        folder = try TemporaryFolder()
        directory = (parent ?? folder.path) + "/broker"
        keysFolder = directory + "/keys"
        (node, fixedIssuer) = (nil, port == 0 ? nil : "http://127.0.0.1:\(port)")
        self.environment = environment
        let made = try run(
            ["init", "--dir", directory, "--listen", "127.0.0.1:\(port)"] + (store.map { ["--store", $0] } ?? [])
                + (issuer.map { ["--issuer", $0] } ?? []) + options)
        guard made.status == 0 else { throw HarnessError("mayfly init failed: \(made)") }
    }

    /// The node `name` of the store of `founder`, with its keys, on another port after each start.
    ///
    /// `directory` is for one with a configuration of its own.
    init(node name: String, of founder: RunningMayfly, directory: String? = nil) {
        folder = founder.folder
        self.directory = directory ?? founder.directory
        keysFolder = founder.keysFolder
        (node, fixedIssuer) = (name, founder.issuer)
    }

    /// A broker on a port of its own, for tests that start it again.
    ///
    /// The port is below the range from which the kernel picks for outgoing connections.
    static func onFixedPort(
        store: String? = nil, options: [String] = [], environment: [String: String] = [:]
    ) throws -> RunningMayfly {
        for _ in 0..<50 {
            let port = UInt16.random(in: 20_000..<32_000)
            guard let probe = try? ListeningSocket(port: port) else { continue }
            probe.close()
            return try RunningMayfly(port: port, store: store, options: options, environment: environment)
        }
        throw HarnessError("no free port found")
    }

    static func started() throws -> RunningMayfly {
        let broker = try RunningMayfly()
        try broker.start()
        return broker
    }

    /// Starts it, and returns when it accepts requests.
    func start(environment: [String: String] = [:]) throws {
        try launch(environment: environment)
        try waitUntilReady()
    }

    /// Starts it, and returns at once: `waitUntilReady` comes next.
    func launch(environment: [String: String] = [:]) throws {
        starts += 1
        process = try ChildProcess(
            try Self.program(), serve, environment: self.environment.merging(environment) { $1 }, errors: errorFile)
    }

    private var serve: [String] {
        ["serve", "--dir", directory] + (node.map { ["--node", $0, "--listen", "127.0.0.1:0"] } ?? [])
            + serveOptions
    }

    func waitUntilReady() throws {
        guard let process else { throw HarnessError("the broker was not started") }
        let line = try process.line()
        let words = line?.split(separator: ":").map(String.init) ?? []
        guard words.count == 3, words[1] == "//127.0.0.1", let port = UInt16(words[2]),
            let scheme = ["http", "https"].first(where: { words[0] == "mayfly ready on " + $0 })
        else {
            throw HarnessError("mayfly serve did not get ready: \(line ?? "no line") \(try Files.text(errorFile))")
        }
        (self.port, self.scheme) = (port, scheme)
    }

    /// Runs `serve` where it must refuse to start.
    func refusedStart() throws -> CommandResult {
        let errors = "\(folder.path)/refused.\(UInt64.random(in: 0...UInt64.max))"
        let child = try ChildProcess(try Self.program(), serve, environment: environment, errors: errors)
        if let line = try child.line() { throw HarnessError("mayfly serve started: \(line)") }
        return CommandResult(status: try child.wait(), output: "", errors: try Files.text(errors))
    }

    /// Ends it as an operator would; answers the exit status.
    @discardableResult
    func stop() throws -> Int32 {
        guard let process else { throw HarnessError("the broker is not running") }
        process.signal(SIGTERM)
        self.process = nil
        return try process.wait()
    }

    /// Sends a signal to it.
    func signal(_ number: Int32) { process?.signal(number) }

    /// Waits until its log holds `text`, as often as it is to.
    func waitForLog(_ text: String, times: Int = 1, seconds: Int = 20) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try errors().split(separator: text, omittingEmptySubsequences: false).count <= times {
            guard ContinuousClock.now < end else { throw HarnessError("the log never said \(text): \(try errors())") }
            sched_yield()
        }
    }

    /// Ends it without a chance to do anything.
    func kill() throws {
        guard let process else { throw HarnessError("the broker is not running") }
        process.signal(SIGKILL)
        self.process = nil
        try process.wait()
    }

    var isRunning: Bool { process?.isRunning ?? false }

    /// What the current or last run wrote to standard error.
    func errors() throws -> String { try Files.text(errorFile) }

    /// Runs another command of the program.
    func run(_ arguments: [String]) throws -> CommandResult {
        try CommandResult.run(try Self.program(), arguments, environment: environment, in: folder)
    }

    private var errorFile: String { "\(folder.path)/serve.\(node ?? "")\(starts)" }
}
