import PostgresHarness
import Testing

/// What happens at any node is told once, by whichever node does that for all.
struct ClusterNoticeTests {
    @Test func aNoticeIsToldByOneNode() async throws {
        try await aside {
            let cluster = try RunningCluster(on: try PostgresServer.shared())
            let folder = cluster.founder.folder.path
            let program = folder + "/hook"
            try Files.write("#!/bin/sh\necho \"$MAYFLY_NOTICE\" >> \"\(folder)/told\"\n", to: program, mode: 0o755)
            let route = "{commands: [{name: hook, run: [\"\(program)\"], events: [\"registry.changed\"]}]}"
            for node in cluster.nodes {
                let config = try Files.text(node.configFile)
                try Files.write(config + "\nnotices: \(route)\n", to: node.configFile, mode: 0o644)
            }
            try cluster.start()
            func told() throws -> [Substring] { try Files.text(folder + "/told").split(separator: "\n") }
            func addOwners(_ names: [String]) throws {
                for (number, name) in names.enumerated() {
                    let made = try cluster.mayfly(
                        ["owner", "create", name, "--title", "A team", "--email", "team@example.com"],
                        at: number % cluster.nodes.count)
                    #expect(made.status == 0, "\(made)")
                }
            }
            let last = cluster.nodes.count - 1
            try addOwners(["o1", "o2", "o3", "o4", "o5", "o6"])
            try waitUntil("six are told") { try Set(told()).count >= 6 }
            #expect(try told().count == 6)
            // One that was told and is not written down as told is told again, as everywhere.
            try waitUntil("all is written down") {
                let listed = try cluster.mayfly(["notice", "list", "--json"], at: last)
                return listed.output.contains("\"waiting\":0")
            }
            // The one that told them ends, whichever it is: another goes on.
            for node in cluster.nodes.dropLast() { #expect(try node.stop() == 0) }
            let made = try cluster.mayfly(
                ["owner", "create", "o7", "--title", "A team", "--email", "team@example.com"], at: last)
            #expect(made.status == 0, "\(made)")
            try waitUntil("the last one is told too") { try Set(told()).count == 7 }
            #expect(try told().count == 7)
        }
    }
}
