/// One line of the table.
struct Row {
    let what: String
    let value: String
    let peer: String
    let ratio: String
    let goal: String
    let isReached: Bool
    /// Smallest and largest over the rounds.
    let spread: String

    /// A value against a peer, both once per round: the ratio is taken within each round, and its median counts.
    static func ratio(
        _ what: String, _ values: [Double], against peers: [Double], _ peer: String, unit: String,
        atMost limit: Double? = nil, atLeast floor: Double? = nil
    ) -> Row {
        let ratios = Spread(zip(values, peers).map { $0 / $1 })
        let isReached = limit.map { ratios.median <= $0 } ?? true && floor.map { ratios.median >= $0 } ?? true
        let goal = limit.map { "<= \(Spread.text($0)) x" } ?? floor.map { ">= \(Spread.text($0)) x" } ?? "-"
        return Row(
            what: what, value: "\(Spread.text(Spread(values).median)) \(unit)",
            peer: "\(Spread.text(Spread(peers).median)) \(unit) (\(peer))", ratio: "\(Spread.text(ratios.median)) x",
            goal: goal, isReached: isReached, spread: ratios.range + " x, \(ratios.count) rounds")
    }

    /// A value that says something of the machine, and is judged by nobody.
    static func fact(_ what: String, _ values: [Double], unit: String) -> Row {
        let spread = Spread(values)
        return Row(
            what: what, value: "\(Spread.text(spread.median)) \(unit)", peer: "-", ratio: "-", goal: "-",
            isReached: true, spread: "\(spread.range) \(unit), \(spread.count) rounds")
    }

    /// A value against a fixed limit.
    static func limit(_ what: String, _ values: [Double], unit: String, atMost limit: Double) -> Row {
        let spread = Spread(values)
        return Row(
            what: what, value: "\(Spread.text(spread.median)) \(unit)", peer: "-", ratio: "-",
            goal: "<= \(Spread.text(limit)) \(unit)", isReached: spread.median <= limit,
            spread: spread.count > 1 ? spread.range + " \(unit), \(spread.count) rounds" : "one measurement")
    }
}

/// Several measurements of one thing.
struct Spread {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var count: Int { sorted.count }
    var range: String { "\(Self.text(sorted.first ?? .nan))-\(Self.text(sorted.last ?? .nan))" }

    /// The middle one; of an even number the mean of the two.
    var median: Double {
        guard !sorted.isEmpty else { return .nan }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// The smallest value that so large a share of the values does not exceed.
    func quantile(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(Int((Double(sorted.count) * share).rounded(.up)), sorted.count) - 1]
    }

    /// Three digits that count.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return "?" }
        if abs(value) >= 100 { return "\(Int(value.rounded()))" }
        let scale: Double = abs(value) >= 10 ? 10 : 100
        return "\((value * scale).rounded() / scale)"
    }
}
