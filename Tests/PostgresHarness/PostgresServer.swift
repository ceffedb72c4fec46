internal import Dispatch
internal import Synchronization

/// A real PostgreSQL server of the tests' own, reached by a Unix socket; it ends with this process, however that ends.
///
/// `scripts/test-postgres` runs it.
package final class PostgresServer: Sendable {
    /// Empty schemas that the shared server has: one for each test that asks.
    private static let schemas = 600
    /// One server for all tests that do not stop it.
    private static let common = Result { try PostgresServer(schemas: schemas) }

    package static func shared() throws -> PostgresServer { try common.get() }

    /// The folder of the socket.
    package let folder: String
    private let programs: String
    private let runner: Mutex<Runner>
    private let given = Atomic(0)
    private let hasStandby = Atomic(false)

    /// Starts a server with `schemas` empty schemas; throws, and never passes over it, when PostgreSQL is not there.
    package init(schemas: Int = 20) throws {
        var runner = try Runner(Self.script, ["\(schemas)"])
        let words = try runner.line().split(separator: " ")
        guard words.count == 3, words[0] == "ready" else {
            throw HarnessFailure("no PostgreSQL server: \(words.joined(separator: " "))")
        }
        (folder, programs) = (String(words[1]), String(words[2]))
        self.runner = Mutex(runner)
    }

    private static let script: String = {
        let here = #filePath.split(separator: "/").dropLast(3)
        return "/" + here.joined(separator: "/") + "/scripts/test-postgres"
    }()

    /// An empty schema that nobody else uses, and the URL of a store there.
    package func place(user: String = "broker") throws -> PostgresSchemaPlace {
        let schema = "t\(given.add(1, ordering: .relaxed).newValue)"
        let hosts = hasStandby.load(ordering: .relaxed) ? "\(folder),\(folder)/second" : folder
        let url = "postgresql://\(user)@/postgres?host=\(hosts)&options=-csearch_path%3D\(schema)"
        return PostgresSchemaPlace(server: self, schema: schema, url: url)
    }

    /// Stops it at once, as a crash would.
    package func crash() throws { try command("down") }
    /// Starts it again.
    package func start() throws { try command("up") }
    /// Lets none of its processes run; connections stay, and are accepted.
    package func freeze() throws { try command("freeze") }
    package func thaw() throws { try command("thaw") }

    /// Adds a second server that must have each commit before it is answered; later places name both.
    package func addStandby() throws {
        try command("standby")
        hasStandby.store(true, ordering: .relaxed)
    }

    /// Makes the second server the one that takes writes.
    package func promoteStandby() throws { try command("promote") }

    /// Has it listen with TLS, as `db.test`; answers the numeric address.
    ///
    /// `folder` then holds `root.crt`, which vouches for its certificate.
    package func listenWithTLS() throws -> String {
        guard let address = try command("tls").split(separator: " ").dropFirst().first else {
            throw HarnessFailure("no address")
        }
        return String(address)
    }

    @discardableResult
    private func command(_ text: String) throws -> String {
        try runner.withLock { runner in
            try runner.send(text + "\n")
            let answer = try runner.line()
            guard answer.split(separator: " ").first == "done" else { throw HarnessFailure("\(text): \(answer)") }
            return answer
        }
    }

    /// Begins a transaction, and runs `text` in it.
    package func hold(_ text: String, schema: String) throws -> OpenTransaction {
        var runner = try Runner(
            programs + "/psql", ["--no-psqlrc", "--quiet", "--host=" + folder, "--username=mayfly", "postgres"])
        try runner.send("SET search_path = \(schema);\nBEGIN;\n\(text);\n\\echo held\n")
        let answer = try runner.line()
        guard answer == "held" else { throw HarnessFailure(answer) }
        return OpenTransaction(runner)
    }

    /// What `psql` answers, without decoration.
    @discardableResult
    package func sql(_ text: String, schema: String = "public") throws -> String {
        var runner = try Runner(
            programs + "/psql",
            [
                "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--host=" + folder,
                "--username=mayfly", "--command=SET search_path = \(schema)", "--command=" + text, "postgres",
            ])
        let output = try runner.remainingOutput()
        guard try runner.wait() == 0 else { throw HarnessFailure("psql refused: \(text) \(output)") }
        return output
    }
}

/// A transaction that stays open until it is let go, or this value ends.
package final class OpenTransaction {
    private var runner: Runner

    init(_ runner: consuming Runner) { self.runner = runner }

    /// Rolls it back.
    package func release() throws {
        try runner.send("ROLLBACK;\n\\q\n")
        _ = try runner.wait()
    }
}

/// An empty schema of a server.
package struct PostgresSchemaPlace: Sendable {
    package let server: PostgresServer
    package let schema: String
    package let url: String

    @discardableResult
    package func sql(_ text: String) throws -> String { try server.sql(text, schema: schema) }
}

/// Runs `body`, which waits a lot, where it holds up no other test.
package func aside(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (waiting: CheckedContinuation<Void, any Error>) in
        DispatchQueue.global().async { waiting.resume(with: Result { try body() }) }
    }
}

package struct HarnessFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
