/// How one round ends its broker.
enum Ending: CustomStringConvertible {
    /// SIGKILL so many milliseconds after it was ready.
    case kill(after: Int)
    /// SIGKILL so many milliseconds after it was started, ready or not.
    case killStart(after: Int)
    /// It dies in the write of that number to the write-ahead log, half of which is written.
    case tornCommit(write: Int)
    /// It dies in the write of that number to the database file, which only a checkpoint of the log writes.
    case tornCheckpoint(write: Int)

    var description: String {
        switch self {
        case .kill(let time): "killed \(time) ms after it was ready"
        case .killStart(let time): "killed \(time) ms after it was started"
        case .tornCommit(let write): "killed in write \(write) of the log"
        case .tornCheckpoint(let write): "killed in write \(write) of a checkpoint"
        }
    }

    var name: String {
        switch self {
        case .kill: "rounds killed under load"
        case .killStart: "rounds killed while starting"
        case .tornCommit: "rounds killed in a write of the log"
        case .tornCheckpoint: "rounds killed in a checkpoint"
        }
    }
}

/// What the seed chose for a round.
struct RoundPlan {
    let ending: Ending
    /// The power goes with the process: what no sync followed may be lost.
    let losesPower: Bool
    /// Of what no sync followed, everything is lost and not some.
    let losesAll: Bool
    /// After the checks the broker is stopped cleanly and looked at by `mayfly doctor`.
    let stopsCleanly: Bool
    let usesDoctor: Bool
    /// After the checks everything that is out is ended, and the broker killed at once.
    let endsEverything: Bool

    /// A plan that the power ends.
    init(ending: Ending) {
        self.ending = ending
        (losesPower, losesAll, stopsCleanly, usesDoctor, endsEverything) = (true, true, false, false, false)
    }

    init(using seed: inout Seed) {
        switch Int.random(in: 0..<100, using: &seed) {
        case 0..<56: ending = .kill(after: Int.random(in: 0...400, using: &seed))
        case 56..<70: ending = .killStart(after: Int.random(in: 0...120, using: &seed))
        case 70..<85: ending = .tornCommit(write: Int.random(in: 1...400, using: &seed))
        default: ending = .tornCheckpoint(write: Int.random(in: 1...60, using: &seed))
        }
        losesPower = seed.chance(40)
        losesAll = seed.chance(50)
        endsEverything = seed.chance(4)
        stopsCleanly = seed.chance(50) && !endsEverything
        usesDoctor = seed.chance(15)
    }
}
