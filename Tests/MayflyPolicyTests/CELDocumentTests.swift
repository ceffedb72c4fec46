import Glibc
import MayflyPolicy
import Testing

/// The examples of `docs/conditions.md` do what the document says.
@Suite struct CELDocumentTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let source: String
        /// What stands behind `//`: the value, the error, or `refused`; nil for an example that need only be accepted.
        let outcome: String?

        var testDescription: String { source }
    }

    /// The lines of the blocks that are marked as expressions.
    static let examples: [Example] = {
        var examples: [Example] = []
        var isInside = false
        for line in document.split(separator: "\n") {
            if line.hasPrefix("```") {
                isInside = line == "```cel"
            } else if isInside {
                let parts = line.split(separator: "// ", maxSplits: 1)
                let source = parts.first.map { String($0.prefix(through: $0.lastIndex { $0 != " " } ?? $0.startIndex)) }
                examples.append(Example(source: source ?? "", outcome: parts.count > 1 ? String(parts[1]) : nil))
            }
        }
        return examples
    }()

    private static let document: String = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let path = root.joined(separator: "/") + "/docs/conditions.md"
        guard let stream = fopen(path, "rb") else { return "" }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, stream)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }()

    @Test func theDocumentHasExamples() {
        #expect(Self.examples.count > 30)
    }

    @Test(arguments: examples)
    func anExampleDoesWhatTheDocumentSays(_ example: Example) throws {
        switch example.outcome {
        case "refused": #expect(Sample.problem(example.source) != nil)
        case let outcome?: #expect(try Sample.outcome(example.source) == outcome)
        case nil: #expect(Sample.problem(example.source) == nil)
        }
    }

    @Test func theLimitsAreThoseOfTheDocument() {
        let limits = CELLimits.standard
        #expect(limits.sourceBytes == 4096 && limits.nameBytes == 64 && limits.depth == 32 && limits.nodes == 512)
        #expect(limits.literalElements == 256 && limits.comprehensionDepth == 2 && limits.cost == 10_000)
        #expect(limits.steps == 10_000 && limits.madeBytes == 65_536 && limits.madeElements == 4096)
        #expect(limits.assumedElements == 32 && limits.assumedBytes == 256)
    }
}
