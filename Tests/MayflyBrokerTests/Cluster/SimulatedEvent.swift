@testable import MayflyBroker

/// Something that a node asked of the store.
struct SimulatedCall {
    enum Kind {
        case join, renew, catchUp, look, load, goodbye
        case acknowledge(UInt64)
        case remove([ClusterMemberRow])
        case commit(isRevocation: Bool)
    }

    let kind: Kind
    let node: Int
    let life: Int
    let session: Int64
    let askedAt: SteadyTime
    /// The revision that was in memory when it was sent.
    let holding: UInt64
    /// What the store answers.
    var revision: UInt64 = 0
    var isKnown = true
    var rows: [ClusterMemberRow] = []
}

/// What happens at one moment of true time; numbers name a node and a life of it, or a call.
enum SimulatedEvent {
    // In a node's process; late when that stands still.
    case turn(Int, Int, turn: Int)
    case decide(Int, Int, now: SteadyTime, holding: UInt64)
    case answer(Int)
    case settle(Int, answeredAt: SteadyTime)
    case failure(Int)
    case commit(Int, Int, isRevocation: Bool)
    case busy(Int, Int, every: Int64, until: Int64)
    case again(Int, Int)
    case hold(Int, Int, UInt64, at: SteadyTime)
    case news(Int, Int, UInt64?)
    case deadline(Int, Int)

    // At the store.
    case snapshot(Int)
    case effect(Int)
    case databaseCrash

    // To a node.
    case question(Int)
    case pause(Int, until: Int64)
    case crash(Int, until: Int64)
    case leave(Int, until: Int64)
    case start(Int)
    case calmRevocation
}
