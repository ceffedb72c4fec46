extension ClusterSimulation {
    /// Puts in what the seed has planned for the nodes, and what is committed when.
    mutating func plan() {
        let (lease, calm) = (weather.lease, weather.calm)
        let kinds = (0..<3).map { _ in weather.theme == .anything && chance(50) }
        // Around these moments something is about to change.
        var moments = weather.crashes
        for time in weather.crashes { queue.add(.databaseCrash, at: time) }
        for index in nodes.indices {
            let start = Int64.random(in: 0...lease, using: &random)
            queue.add(.start(index), at: start)
            if weather.theme == .returning, index == 0 { moments.append(sendAway(index, from: start)) }
            if kinds[0], chance(60) {
                let window = window(&moments)
                nodes[index].partitions.append(window)
            }
            for _ in 0..<(kinds[1] ? 3 : 0) where chance(60) {
                let window = window(&moments)
                queue.add(.pause(index, until: window.upperBound), at: window.lowerBound)
            }
            if kinds[2], chance(60) {
                let window = window(&moments)
                let end = window.upperBound
                queue.add(chance(70) ? .crash(index, until: end) : .leave(index, until: end), at: window.lowerBound)
            }
            for _ in 0..<12 { queue.add(.question(index), at: Int64.random(in: 0..<calm, using: &random)) }
        }
        planCommits(around: moments)
        if chance(10) {
            let node = Int.random(in: nodes.indices, using: &random)
            let every = lease / ([400, 200, 50].randomElement(using: &random) ?? 200)
            queue.add(.busy(node, -1, every: every, until: weather.end), at: calm + lease * 5 / 2)
        }
        queue.add(.calmRevocation, at: calm + lease * 7 / 2)
    }

    private mutating func window(_ moments: inout [Int64]) -> Range<Int64> {
        let window = SimulatedWeather.window(weather.lease, before: weather.calm, using: &random)
        moments += [window.lowerBound, window.upperBound]
        return window
    }

    /// Answers when the node is back.
    private mutating func sendAway(_ index: Int, from start: Int64) -> Int64 {
        let from = start + Int64.random(in: 1...weather.lease, using: &random)
        let until = from + Int64.random(in: 105...130, using: &random) * (weather.lease / 10)
        if chance(50) {
            queue.add(.pause(index, until: until), at: from)
        } else {
            nodes[index].partitions.append(from..<until)
        }
        return until
    }

    private mutating func planCommits(around moments: [Int64]) {
        let (lease, calm) = (weather.lease, weather.calm)
        for _ in 0..<Int.random(in: 4...24, using: &random) {
            var time = Int64.random(in: 0..<calm, using: &random)
            if let moment = moments.randomElement(using: &random), chance(weather.theme == .returning ? 95 : 60) {
                time = max(0, moment + Int64.random(in: -lease / 4...lease * 5 / 4, using: &random))
            }
            let node = Int.random(in: nodes.indices, using: &random)
            queue.add(chance(15) ? .again(node, -1) : .commit(node, -1, isRevocation: chance(70)), at: min(time, calm))
        }
    }
}
