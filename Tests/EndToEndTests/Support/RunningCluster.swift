import Dispatch
import Glibc
import PostgresHarness

/// Several brokers on one real database.
final class RunningCluster {
    /// What made the store; it does not run, and has it for itself when it does.
    let founder: RunningMayfly
    let place: PostgresSchemaPlace
    let nodes: [RunningMayfly]
    /// One for each node, once `open` has filled the registry.
    private(set) var desks: [Desk] = []

    /// Makes the store and runs nothing yet.
    ///
    /// `lease` is in seconds. The last node reaches the database by way of `link`, if there is one.
    init(_ names: [String] = ["a", "b", "c"], lease: Int = 1, on server: PostgresServer, link: DatabaseLink? = nil)
        throws
    {
        place = try server.place()
        founder = try RunningMayfly.onFixedPort(store: place.url)
        let config = try Files.text(founder.configFile)
        let shared = config + "\ncluster:\n  lease: \(lease)s\n"
        var nodes: [RunningMayfly] = []
        for name in names {
            let directory = "\(founder.folder.path)/\(name)"
            let isLinked = link != nil && name == names.last
            try Files.makeFolder(directory, mode: 0o755)
            try Files.makeFolder(directory + "/config", mode: 0o755)
            try Files.makeFolder(directory + "/data", mode: 0o700)
            let own = shared.replacing("directory: ../keys", with: "directory: \"\(founder.keysFolder)\"")
            try Files.write(
                isLinked ? own.replacing("host=" + server.folder, with: "host=" + (link?.folder ?? "")) : own,
                to: directory + "/config/mayfly.yaml", mode: 0o644)
            nodes.append(RunningMayfly(node: name, of: founder, directory: directory))
        }
        self.nodes = nodes
    }

    /// Three nodes that run, with the whole registry.
    static func started(lease: Int = 1, on server: PostgresServer? = nil, link: DatabaseLink? = nil) throws
        -> RunningCluster
    {
        let cluster = try RunningCluster(lease: lease, on: try server ?? PostgresServer.shared(), link: link)
        try cluster.start()
        try cluster.open()
        return cluster
    }

    /// Starts all nodes at once.
    func start() throws {
        for node in nodes { try node.launch() }
        for node in nodes { try node.waitUntilReady() }
    }

    func open() throws {
        let first = try Desk.open(nodes[0])
        desks = nodes.map { Desk(first, at: $0) }
    }

    /// Lets every desk know what `desk` knows.
    func share(_ desk: Desk) { desks = nodes.map { Desk(desk, at: $0) } }

    func killAll() throws {
        for node in nodes where node.isRunning { try node.kill() }
    }

    /// Ends all as an operator would, one after the other; answers the exit statuses.
    func stop() throws -> [Int32] { try nodes.map { try $0.stop() } }

    /// What `mayfly` says of the node.
    func mayfly(_ arguments: [String], at node: Int) throws -> CommandResult {
        let node = nodes[node]
        return try node.run(arguments + ["--dir", node.directory, "--server", node.url])
    }

    /// Whether the node answers questions about tokens.
    func answers(_ node: Int) throws -> Bool {
        try desks[node].introspect("nothing").status == 200
    }

    /// What all nodes wrote to standard error.
    var errors: String {
        nodes.map { "\($0.node ?? ""): \((try? $0.errors()) ?? "")" }.joined(separator: "\n")
    }
}

/// Runs `body` on as many threads at once, all of which wait for the last to be there; answers what they answered.
func atOnce<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) -> [Result<
    Value, any Error
>] {
    let results = Collected<(Int, Result<Value, any Error>)>()
    let group = DispatchGroup()
    let start = DispatchSemaphore(value: 0)
    let here = DispatchSemaphore(value: 0)
    for number in 0..<count {
        DispatchQueue(label: "at-once.\(number)").async(group: group) {
            here.signal()
            start.wait()
            results.add((number, Result { try body(number) }))
        }
    }
    for _ in 0..<count { here.wait() }
    for _ in 0..<count { start.signal() }
    group.wait()
    return results.all.sorted { $0.0 < $1.0 }.map(\.1)
}

/// Waits until `condition` holds; throws when it does not within `seconds`.
func waitUntil(_ what: String, seconds: Int = 30, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        guard ContinuousClock.now < end else { throw HarnessError("never came: \(what)") }
        sched_yield()
    }
}
