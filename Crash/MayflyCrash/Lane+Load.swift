extension Lane {
    /// One request after another, chosen by the seed, until an answer is cut or `isOver` says so.
    ///
    /// `mayRotate` is for one lane: two rotations at once are one too many for anybody.
    func load(mayRotate: Bool, until isOver: () -> Bool) {
        do {
            try complete()
            while !isOver() {
                switch Int.random(in: 0..<100, using: &seed) {
                case 0..<30: try issue()
                case 30..<42: try makeTicket()
                case 42..<56: try redeem()
                case 56..<64: try exchangeDirectly()
                case 64..<72: try introspectAny()
                case 72..<80: try evaluate()
                case 80..<86: try revokeOwn()
                case 86..<89: try revokeByName()
                case 89: try revokeTask()
                case 90: try revokeAgent()
                case 91: try suspendAndResume()
                case 92: try offboard()
                case 93: if seed.chance(50) { try ownerLeaves() } else { try issue() }
                case 94: if mayRotate { try rotateKeys() } else { try issue() }
                default: try issue()
                }
                try complete()
            }
        } catch is Stop {
            // What it means is in `cut`, or in the report.
        } catch {
            report.broken("\(name): \(error)")
        }
    }
}
