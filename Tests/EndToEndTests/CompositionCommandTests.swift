import MayflyModel
import Testing

/// A program changes hands: digests made here, a proposal by an administrator, and the owner's word by its own key.
@Suite struct CompositionCommandTests {
    private static func registry(_ parts: String) -> String {
        """
        owners:
          - {id: owner:support-lead, name: Support, email: support@example.com}
          - {id: owner:other-lead, name: Other, email: other@example.com}
        resources:
          - {name: tickets, identifier: "https://tickets.example.com", scopes: ["tickets:read"]}
        agents:
          - id: agent:support
            purpose: answers tickets
            owner: owner:support-lead
            resources: [tickets]
            scopes: ["tickets:read"]
            \(parts)
        """
    }

    @Test func aNewPromptGetsTokensOnceTheOwnerAgreesAndTheOldOneNoMore() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let (folder, issuer) = (broker.folder.path, broker.url)
        func run(_ words: String, _ more: [String] = []) throws -> CommandResult {
            try CommandResult.run(
                try RunningMayfly.program(), words.split(separator: " ").map(String.init) + more,
                environment: ["MAYFLY_KEYS": folder, "MAYFLY_SERVER": issuer], in: broker.folder)
        }
        func done(_ words: String, _ more: [String] = []) throws -> JSONObject {
            let result = try run(words, more + ["--json"])
            try #require(result.status == 0, "\(words): \(result)")
            return try JSONParser.parseObject(Array(result.output.utf8))
        }
        let admin = ["--dir", broker.directory]
        func digest(_ prompt: String) throws -> (parts: String, whole: String) {
            let file = folder + "/prompt.txt"
            try Files.write(prompt, to: file)
            let made = try run("agent composition digest --image-digest", [Self.image, "--prompt", file])
            try #require(made.status == 0, "\(made)")
            let lines = made.output.split(separator: "\n").map(String.init)
            return (lines.dropLast().joined(separator: "\n            "), try #require(lines.last))
        }
        func apply(_ parts: String) throws {
            try Files.write(Self.registry(parts), to: folder + "/registry.yaml", mode: 0o644)
            _ = try done("apply --file", [folder + "/registry.yaml"] + admin)
        }
        func enrol(_ kind: String, _ name: String) throws {
            let code = try #require(try done("\(kind) enroll-code \(name)", admin)["code"]?.stringValue)
            _ = try done("\(kind) enroll \(name)", ["--code", code])
        }

        let first = try digest("prompt")
        // What sha256sum says of the text that docs/composition.md describes.
        #expect(first.whole == Self.whole)
        try apply(first.parts)
        try enrol("agent", "support")
        try enrol("owner", "support-lead")
        try enrol("owner", "other-lead")
        let ask = "token request --agent support --scope tickets:read --composition"
        let old = try #require(try done(ask, [first.whole])["access_token"]?.stringValue)
        #expect(try run("token request --agent support --scope tickets:read").errors.contains("invalid_request"))
        #expect(try run(ask, ["nonsense"]).status == 2)

        let second = try digest("another prompt")
        try apply(second.parts)
        // A change of something else leaves what waits.
        _ = try done("agent update support --risk low", admin)
        #expect(try run(ask, [second.whole]).errors.contains("access_denied"))
        _ = try done(ask, [first.whole])
        let waiting = try run("agent composition list --as support-lead")
        #expect(waiting.output.contains("agent:support") && waiting.output.contains(second.whole), "\(waiting)")
        #expect(try run("agent composition list --as other-lead").output.contains("no compositions"))

        let word = ["--composition", second.whole, "--reason", "tried for a week"]
        #expect(try run("agent composition approve support --as other-lead", word).status == 1)
        #expect(try run("agent composition approve support", word + admin).status == 2)
        try broker.stop()
        try broker.start()
        let shown = try run("agent composition show support --as support-lead")
        #expect(shown.status == 0 && shown.output.contains(second.whole), "\(shown)")
        let approved = try run("agent composition approve support --as support-lead", word)
        #expect(approved.output.contains("approved: agent:support is \(second.whole)"), "\(approved)")

        let asked = try run("token introspect --json", [old] + admin)
        #expect(asked.output.contains(#""active":false"#), "\(asked)")
        #expect(try run(ask, [first.whole]).errors.contains("access_denied"))
        let printed = try run(
            "exec --agent support --scope tickets:read --composition", [second.whole, "--", "printenv", "MAYFLY_TOKEN"])
        #expect(printed.status == 0 && printed.output.contains("."), "\(printed)")
        let entries = try run("ledger query --event composition.approved --json", admin)
        #expect(entries.output.contains(second.whole) && entries.output.contains("tried for a week"), "\(entries)")
    }

    private static let image = "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"
    private static let whole = "sha256:11cedf765ae91954dac995290145bda4b8295757ede32293a0bb3998be2b2120"
}
