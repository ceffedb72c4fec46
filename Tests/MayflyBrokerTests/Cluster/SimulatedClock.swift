@testable import MayflyBroker

/// A node's clock, which runs at rates of its own: each within 4 % of true time.
struct SimulatedClock {
    private struct Stretch {
        let start: Int64
        let reading: Int64
        /// What it counts in a thousand nanoseconds.
        let rate: Int64
    }

    /// Latest first.
    private var stretches: [Stretch] = []

    init(until end: Int64, using random: inout SeededGenerator) {
        var (start, reading) = (Int64(0), Int64.random(in: -end...end, using: &random))
        let stretchCount = [1, 1, 2, 4].randomElement(using: &random) ?? 1
        for _ in 0..<stretchCount {
            let rates: [Int64] = [960, 1000, 1040, Int64.random(in: 960...1040, using: &random)]
            let rate = rates.randomElement(using: &random) ?? 1000
            stretches.insert(Stretch(start: start, reading: reading, rate: rate), at: 0)
            let length = Int64.random(in: 1...max(end / 2, 1), using: &random)
            reading += length * rate / 1000
            start += length
        }
    }

    /// What it shows at `time`.
    func reading(at time: Int64) -> SteadyTime {
        for stretch in stretches where stretch.start <= time {
            return SteadyTime(nanoseconds: stretch.reading + (time - stretch.start) * stretch.rate / 1000)
        }
        return SteadyTime(nanoseconds: .min)
    }

    /// The first moment at which it shows `reading`, or the one before by a few nanoseconds.
    func time(of reading: SteadyTime) -> Int64 {
        for stretch in stretches where stretch.reading <= reading.nanoseconds {
            return stretch.start + ((reading.nanoseconds - stretch.reading) * 1000 + stretch.rate - 1) / stretch.rate
        }
        return 0
    }
}
