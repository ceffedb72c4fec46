import MayflyServer
import Testing

/// No input may trap a parser, and what a parser accepts stays within its bounds.
@Suite struct RandomInputTests {
    private static let samples = [
        "a=1&b=%41+c&%C3%A9=x", "/api/v1/agents/agent%3Aa?limit=1", "http://h/a?b", "Basic YTpi", "Bearer a.b.c==",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "W/\"a\", \"b\"", "text/html; q=1", "DPoP x",
    ]

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func parsersSurviveMutations(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5000 {
            let input = mutated(&generator)
            _ = try? AuthorizationHeader.parse(input)
            _ = try? BasicCredentials.parse(input)
            _ = try? BearerCredentials.parse(input)
            _ = try? TraceParent.parse(input)
            _ = try? EntityTag.parse(input)
            _ = try? IfMatch.parse(input)
            _ = MediaType.parse(input)
            if let form = try? FormParser.parse(input) {
                #expect(form.fields.count <= 64, "seed \(seed)")
                #expect(
                    form.fields.allSatisfy { !$0.name.utf8.contains(0) && !$0.value.utf8.contains(0) }, "seed \(seed)")
            }
            if let target = try? RequestTarget.parse(input) {
                #expect(target.path.hasPrefix("/"), "seed \(seed)")
                #expect(!target.segments.contains(".."), "seed \(seed)")
            }
        }
    }

    private func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
        let sample = Self.samples.randomElement(using: &generator) ?? ""
        return mutate(Array(sample.utf8), &generator)
    }
}
