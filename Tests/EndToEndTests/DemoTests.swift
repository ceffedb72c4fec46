import Testing

/// What `make demo`, `make demo-approval`, `make demo-governance` and `make demo-cluster` show; each script asserts
/// every one of its lines itself.
@Suite struct DemoTests {
    @Test(arguments: [("demo", 24), ("demo-approval", 13), ("demo-governance", 9), ("demo-cluster", 12)])
    func everyStepOfTheDemonstrationHolds(_ script: String, _ steps: Int) throws {
        let answer = try CommandResult.run(
            "/bin/bash", [Files.repository + "/scripts/" + script],
            environment: ["MAYFLY": try RunningMayfly.program()], in: try TemporaryFolder())
        #expect(answer.status == 0, "\(answer)")
        #expect(answer.output.split(separator: "\n").count { $0.contains("→") } == steps, "\(answer.output)")
    }
}
