/// What the command line asks for.
struct BenchOptions {
    static let usage = "usage: mayfly-bench MAYFLY TOOLS_DIRECTORY [--full | --quick] [ROW ...]"

    let mayfly: String
    let tools: String
    /// A million live tokens instead of a hundred thousand.
    let isFull: Bool
    /// Short rounds, to try the method and not to measure.
    let isQuick: Bool
    /// Groups of rows to measure; empty means all.
    let groups: [String]

    init(_ arguments: [String]) throws(BenchError) {
        let words = arguments.dropFirst().filter { !$0.hasPrefix("--") }
        let flags = arguments.filter { $0.hasPrefix("--") }
        guard words.count >= 2, flags.allSatisfy({ ["--full", "--quick"].contains($0) }) else {
            throw BenchError(Self.usage)
        }
        (mayfly, tools) = (words[0], words[1])
        groups = Array(words.dropFirst(2))
        isFull = flags.contains("--full")
        isQuick = flags.contains("--quick")
    }
}
