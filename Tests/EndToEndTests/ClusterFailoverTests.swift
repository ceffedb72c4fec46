import MayflyModel
import PostgresHarness
import Testing

/// The database fails over to a standby that had every commit: nodes follow without a restart.
struct ClusterFailoverTests {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]

    @Test func nodesFollowTheDatabaseToItsStandby() async throws {
        try await aside {
            let server = try PostgresServer()
            try server.addStandby()
            let cluster = try RunningCluster.started(on: server)
            let ended = try cluster.desks[0].mint("orchestrator", Self.scope + [("task", "ended")])
            let kept = try cluster.desks[1].mint("orchestrator", Self.scope + [("task", "kept")])
            try cluster.desks[2].revoke(task: "ended")
            try server.crash()
            // Meanwhile nobody says anything of the past, and once the leases are over nobody says anything.
            for node in 0..<3 {
                let answer = try cluster.desks[node].introspect(ended)
                #expect(answer.status == 503 || answer.object["active"]?.boolValue == false, "\(answer)")
                try waitUntil("node \(node) has no lease") { try !cluster.answers(node) }
            }
            try server.promoteStandby()
            for node in 0..<3 { try waitUntil("node \(node) answers") { try cluster.answers(node) } }
            for desk in cluster.desks {
                #expect(try desk.isActive(kept) && !desk.isActive(ended))
                #expect(try desk.isActive(try desk.mint("orchestrator", Self.scope)))
            }
            try cluster.desks[0].revoke(task: "kept")
            for desk in cluster.desks { #expect(try !desk.isActive(kept)) }
            #expect(try cluster.mayfly(["ledger", "verify"], at: 1).status == 0)
        }
    }
}
