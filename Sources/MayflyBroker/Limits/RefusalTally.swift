/// Decides which refusals are written down: at most one a second for each name, and few a second in all.
///
/// What is not written is counted, and the next entry says how many there were.
struct RefusalTally {
    /// Entries in one second, whoever they are about.
    static let maximumPerSecond = 20
    /// Names that are remembered; past it their counts go into one.
    static let maximumNames = 4096

    private struct Tally {
        var second: Int64
        var unwritten: Int
    }

    private var tallies: [String: Tally] = [:]
    private var second: Int64 = 0
    private var written = 0
    /// Unwritten refusals of names that are no longer remembered one by one.
    private var forgotten = 0

    /// Counts a refusal; nil when it is not to be written, else how many earlier ones were not.
    mutating func note(_ name: String, second now: Int64) -> Int? {
        if now != second { (second, written) = (now, 0) }
        if tallies[name] == nil, tallies.count >= Self.maximumNames { forget() }
        var tally = tallies[name] ?? Tally(second: now &- 1, unwritten: 0)
        guard tally.second != now, written < Self.maximumPerSecond else {
            tally.unwritten += 1
            tallies[name] = tally
            return nil
        }
        written += 1
        let unwritten = tally.unwritten + forgotten
        forgotten = 0
        tallies[name] = Tally(second: now, unwritten: 0)
        return unwritten
    }

    /// Names that are remembered.
    var count: Int { tallies.count }

    private mutating func forget() {
        forgotten += tallies.values.reduce(0) { $0 + $1.unwritten }
        tallies.removeAll(keepingCapacity: true)
    }
}
