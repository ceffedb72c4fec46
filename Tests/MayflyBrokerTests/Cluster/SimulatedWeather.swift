/// How long everything takes in one schedule, and how often it goes wrong.
struct SimulatedWeather {
    /// What a schedule is about.
    enum Theme: CaseIterable {
        /// Whatever may go wrong.
        case anything
        /// A store that is slow at its rows and at nothing else: the moments of a call matter most.
        case sluggish
        /// A node is away for so long that it is taken out of the list, and is back at about that moment.
        case returning
    }

    let theme: Theme
    /// Nanoseconds of a lease, the measure of everything.
    let lease: Int64
    /// From when on nothing goes wrong any more.
    let calm: Int64
    let end: Int64
    /// What one way to the store takes.
    private let delay: Int64
    private var slowPercent = 0
    /// How often a renewal is seen by others only long after it read the revision.
    private var gapPercent = 0
    /// How often what the store says of all nodes is long on its way.
    private var lateLookPercent = 0
    private var lossPercent = 0
    /// How often a thread stands still between two lines.
    private var hiccupPercent = 0
    private var newsLossPercent = 100
    /// After which a node gives a call up.
    private(set) var timeout: Int64
    /// When the store does nothing.
    private var stalls: [Range<Int64>] = []
    private(set) var crashes: [Int64] = []

    init(lease: Int64, using random: inout SeededGenerator) {
        func pick<Value>(_ values: [Value], _ other: Value) -> Value { values.randomElement(using: &random) ?? other }
        self.lease = lease
        theme = pick([.anything, .anything, .anything, .sluggish, .sluggish, .returning], .anything)
        calm = lease * (theme == .returning ? 18 : pick([6, 8, 10, 12], 8))
        end = calm + lease * 9 / 2
        delay = lease / pick([10_000, 1000, 200, 50, 20, 10], 100)
        timeout = 3 * lease
        switch theme {
        case .anything:
            slowPercent = pick([0, 0, 2, 10, 30], 0)
            gapPercent = pick([0, 0, 5, 30, 60], 0)
            lateLookPercent = pick([0, 0, 0, 50], 0)
            lossPercent = pick([0, 0, 3, 15], 0)
            hiccupPercent = pick([0, 0, 2, 10], 0)
            newsLossPercent = pick([0, 0, 30, 100], 0)
            timeout = pick([lease / 2, lease, 3 * lease, 6 * lease], lease)
            for _ in 0..<pick([0, 0, 1, 2], 0) {
                stalls.append(Self.window(lease, before: calm, using: &random))
            }
            for _ in 0..<pick([0, 0, 0, 1, 2], 0) { crashes.append(Int64.random(in: 0..<calm, using: &random)) }
        case .sluggish:
            gapPercent = pick([20, 40, 60], 0)
            lateLookPercent = pick([0, 3, 10, 25], 0)
        case .returning:
            slowPercent = pick([0, 5, 20], 0)
            gapPercent = pick([0, 20], 0)
        }
    }

    /// A stretch of time that ends before `calm`: mostly about as long as what the protocol waits for.
    static func window(_ lease: Int64, before calm: Int64, using random: inout SeededGenerator) -> Range<Int64> {
        let length = min(span(lease, using: &random), calm - 1)
        let start = Int64.random(in: 0..<(calm - length), using: &random)
        return start..<(start + length)
    }

    private static func span(_ lease: Int64, using random: inout SeededGenerator) -> Int64 {
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2: Int64.random(in: 1...lease / 2, using: &random)
        case 3...6: Int64.random(in: lease / 2...lease * 13 / 10, using: &random)
        case 7, 8: Int64.random(in: lease...4 * lease, using: &random)
        default: Int64.random(in: 4 * lease...16 * lease, using: &random)
        }
    }

    private func happens(_ percent: Int, at time: Int64, using random: inout SeededGenerator) -> Bool {
        percent > 0 && time < calm && Int.random(in: 0..<100, using: &random) < percent
    }

    func isLost(at time: Int64, using random: inout SeededGenerator) -> Bool {
        happens(lossPercent, at: time, using: &random)
    }

    func isNewsLost(at time: Int64, using random: inout SeededGenerator) -> Bool {
        happens(newsLossPercent, at: time, using: &random)
    }

    /// What one way takes that begins at `time`.
    func way(at time: Int64, using random: inout SeededGenerator) -> Int64 {
        guard time < calm else { return Int64.random(in: 1...min(delay, lease / 50), using: &random) }
        if happens(slowPercent, at: time, using: &random) { return bounded(time, using: &random) }
        return Int64.random(in: delay / 2...delay * 2, using: &random)
    }

    /// What the way back takes for what the store says of all nodes.
    func wayOfRows(at time: Int64, using random: inout SeededGenerator) -> Int64 {
        if happens(lateLookPercent, at: time, using: &random) { return bounded(time, using: &random) }
        return way(at: time, using: &random)
    }

    /// From when a renewal has read the revision until others see it.
    func gap(at time: Int64, using random: inout SeededGenerator) -> Int64 {
        happens(gapPercent, at: time, using: &random) ? bounded(time, using: &random) : delay / 100
    }

    /// How long a thread stands still between two lines; mostly not at all.
    func hiccup(at time: Int64, using random: inout SeededGenerator) -> Int64 {
        happens(hiccupPercent, at: time, using: &random) ? bounded(time, using: &random) : 0
    }

    /// What begins in bad weather is over soon after it.
    private func bounded(_ time: Int64, using random: inout SeededGenerator) -> Int64 {
        let span =
            theme == .sluggish
            ? Int64.random(in: lease / 5...lease * 14 / 10, using: &random) : Self.span(lease, using: &random)
        return min(span, calm + lease / 4 - time)
    }

    /// The moment at which the store comes to what reaches it at `time`.
    func awake(_ time: Int64) -> Int64 {
        var time = time
        for stall in stalls where stall.contains(time) { time = stall.upperBound }
        return time
    }
}
