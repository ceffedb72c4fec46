internal import MayflyCrypto

/// An agent of a lane; its name is used once.
struct LaneAgent {
    let id: String
    let key: PrivateKey
    var isRegistered = false
    var isEnrolled = false
    var isSuspended = false
}

/// An access token whose answer was received in full.
struct HeldToken {
    let id: String
    let text: String
    let task: String
    /// Seconds since 1970.
    let expires: Int64
    /// The agents of its chain, the holder last.
    let agents: [String]
    /// The tokens and tickets that it came from.
    let above: [String]
    let round: Int
    var isDead = false
}

/// A ticket whose answer was received in full.
struct HeldTicket {
    let id: String
    let text: String
    let parent: Int
    /// To whom it was made out.
    let delegate: String
    let made: Int64
    var isUsed = false
}

/// A request that a client signed for, kept byte by byte.
struct SignedForm {
    /// What becomes true with it.
    enum Effect {
        case token(parent: Int?, ticket: Int?)
        case ticket(parent: Int, delegate: String)
        case revocation(token: Int)
    }

    let path: String
    let body: [UInt8]
    let agent: String
    /// The ledger event that a success writes, and its task.
    let event: String
    let task: String
    let effect: Effect
    let made: Int64
}

/// Something that an administrator does; the ledger repeats its reason, which is used once.
struct AdminStep {
    enum Effect {
        case endToken(Int)
        case endTask(String)
        case endAgent(String)
        case endOwner
        case suspend(String)
        case resume(String)
        case offboard(String)
        case leave
    }

    let path: String
    let members: [(name: String, value: String)]
    let reason: String
    let effect: Effect
}

/// What was under way when the broker was killed.
enum Cut {
    case form(SignedForm)
    case step(AdminStep)
    case registration(agent: String)
    case enrolment(agent: String, body: [UInt8])
    case rotation
    /// Nothing that could have changed anything.
    case question
}
