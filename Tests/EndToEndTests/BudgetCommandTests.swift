import MayflyModel
import Testing

/// `mayfly evaluate` states amounts, and says what is left.
@Suite struct BudgetCommandTests {
    @Test func amountsAreStatedByOptions() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let limits = #"{"type":"mayfly_limits","max_cost":{"amount":"20","currency":"USD"},"max_records":5}"#
        let token = try desk.mint(
            "orchestrator",
            [("resource", "tickets"), ("scope", "tickets:read"), ("authorization_details", "[\(limits)]")])
        let secretFile = broker.folder.path + "/tickets.secret"
        try Files.write(try #require(desk.secrets["tickets"]), to: secretFile)
        func evaluate(_ more: [String]) throws -> CommandResult {
            try broker.run(
                [
                    "evaluate", token, "--server", broker.url, "--issuer", broker.url, "--as", "tickets",
                    "--secret-file", secretFile, "--action", "read", "--type", "note", "--id", "1",
                ] + more)
        }
        let missing = try evaluate([])
        #expect(missing.status == 1 && missing.output.contains("member_missing: cost"), "\(missing)")
        let allowed = try evaluate(["--cost", "12.50:USD", "--records", "2", "--json"])
        #expect(allowed.status == 0, "\(allowed)")
        let answer = try JSONParser.parseObject(Array(allowed.output.utf8))
        let remaining = answer["context"]?.objectValue?["remaining"]
        #expect(
            remaining
                == .object([
                    "cost": .object(["amount": .string("7.5"), "currency": .string("USD")]), "records": .integer(3),
                ]), "\(allowed)")
        let spent = try evaluate(["--properties", #"{"records": 1}"#, "--cost", "7.51:USD"])
        #expect(spent.status == 1 && spent.output.contains("budget_exhausted: max_cost"), "\(spent)")
        for wrong in [
            ["--cost", "12.50"], ["--cost", "x:USD"], ["--cost", "1:usd"], ["--cost", "1:USD:EUR"],
            ["--records", "-1"],
            ["--records", "1.5"], ["--records", "1", "--properties", #"{"records": 1}"#],
            ["--records", "1", "--properties", "[]"],
        ] {
            let refused = try evaluate(wrong)
            #expect(refused.status == 2, "\(wrong): \(refused)")
        }
    }
}
