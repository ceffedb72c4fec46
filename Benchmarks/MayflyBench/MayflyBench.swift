internal import Glibc
import MayflyCrypto
import MayflyModel

/// Measures a release build of the broker against its peers, in one run on one machine, and prints ratios.
@main enum MayflyBench {
    static func main() {
        do {
            try run()
        } catch {
            print("bench: \((error as? BenchError)?.text ?? "\(error)")")
            exit(1)
        }
    }

    private static func run() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { throw BenchError("usage: mayfly-bench MAYFLY ECHO") }
        let site = try BenchSite(mayfly: arguments[1])
        defer { site.server.stop() }
        let rounds = 3
        var table = BenchTable()
        let evp = try measureSignatures()
        table.note("one EVP verify + one EVP sign, ES256", String(format1(evp) + " us"))
        table.note("idle resident memory", format1(site.server.resident) + " MB")
        let tokens = try site.issueTokens(1)
        let load = Load(directory: site.directory, seconds: 3, connections: 32)

        let introspect = try site.introspectScript(token: tokens[0])
        let size = try site.responseSize(introspect)
        let echo = try ChildProcess([arguments[2], String(size), "2"])
        defer { echo.stop() }
        var echoes: [LoadResult] = []
        var introspections: [LoadResult] = []
        for _ in 0..<rounds {
            echoes.append(
                try load.run(introspect.lua, against: "http://127.0.0.1:\(echo.firstLine)/", server: echo))
            introspections.append(
                try load.run(introspect.lua, against: site.url + "/oauth2/introspect", server: site.server))
        }
        let echoCPU = median(echoes.map(\.cpu))
        table.row(
            "introspect, bearer, token seen before: CPU", median(introspections.map(\.cpu)), echoCPU, "echo", limit: 1.5
        )
        table.row(
            "introspect: throughput", median(introspections.map(\.requestsPerSecond)),
            median(echoes.map(\.requestsPerSecond)), "echo", floor: 0.75)
        let minted = try site.tokenLoad(seconds: 3)
        table.row("token, ES256, durable, in the ledger: CPU", minted.cpu, evp, "verify + sign", limit: 1.3)
        table.note("tokens per second", format1(minted.requestsPerSecond))
        let failures = introspections.map(\.failures).reduce(0, +) + minted.failures
        guard failures == 0 else { throw BenchError("\(failures) requests failed: the numbers mean nothing") }
        table.print()
    }

    /// Microseconds of one verification and one signature.
    private static func measureSignatures() throws -> Double {
        let key = try PrivateKey.generate(.es256)
        let message = [UInt8](repeating: 7, count: 600)
        let signature = try key.sign(message)
        let count = 3000
        let start = now()
        for _ in 0..<count {
            guard key.publicKey.verify(signature, over: message, with: .es256) else { throw BenchError("bad key") }
            _ = try key.sign(message)
        }
        return (now() - start) / Double(count) * 1_000_000
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted[sorted.count / 2]
    }

    static func format1(_ value: Double) -> String {
        "\((value * 10).rounded() / 10)"
    }
}

/// Collects rows and prints them with a verdict each.
struct BenchTable {
    private var lines: [String] = []

    mutating func note(_ what: String, _ value: String) {
        lines.append("\(what): \(value)")
    }

    mutating func row(
        _ what: String, _ value: Double, _ peer: Double, _ name: String, limit: Double? = nil, floor: Double? = nil
    ) {
        let ratio = value / peer
        let isReached = limit.map { ratio <= $0 } ?? floor.map { ratio >= $0 } ?? true
        let goal = limit.map { "<= \($0)" } ?? floor.map { ">= \($0)" } ?? ""
        let shown = (ratio * 100).rounded() / 100
        lines.append(
            "\(isReached ? "reached" : "MISSED ") \(what): \(MayflyBench.format1(value)) against "
                + "\(MayflyBench.format1(peer)) (\(name)) = \(shown) x, to reach \(goal)")
    }

    func print() {
        for line in lines { Swift.print(line) }
    }
}
