internal import MayflyClient
internal import MayflyCrypto
internal import MayflyModel

/// One client's life with the broker, one request after another, and what must be true because of the answers.
///
/// A lane has an owner and two agents of its own. Nobody else touches them, so after each answer it is known exactly
/// which of its tokens live; other lanes only share the broker.
///
/// `@unchecked Sendable`: one thread has it at a time, that of its load or, once that is joined, that of its checks.
final class Lane: @unchecked Sendable {
    let name: String
    let site: Site
    let report: Report
    var seed: Seed
    var round = 0
    var client: BrokerClient
    var session: AdminSession

    private(set) var owner = ""
    private(set) var agents: [LaneAgent] = []
    private(set) var tokens: [HeldToken] = []
    private(set) var tickets: [HeldTicket] = []
    /// Answered entries by event and task.
    private(set) var counts: [String: Int] = [:]
    /// Signed requests of this round that were answered, and codes that were used.
    private(set) var answered: [SignedForm] = []
    private(set) var usedCodes: [(agent: String, body: [UInt8])] = []
    private(set) var reasons: [String] = []
    private(set) var rotations = 0
    var cut: Cut?
    private var serial = 0

    init(name: String, site: Site, report: Report) throws {
        (self.name, self.site, self.report) = (name, site, report)
        seed = Seed(0)
        client = try site.client()
        session = try site.session()
    }

    /// Begins a round; connections of the one before are gone with its broker.
    func begin(round: Int, seed: UInt64) throws {
        self.round = round
        self.seed = Seed(seed)
        (client, session) = (try site.client(), try site.session())
        (answered, usedCodes, cut) = ([], [], nil)
    }

    static func now() -> Int64 { SystemClock().now().seconds }

    func unique(_ word: String) -> String {
        serial += 1
        return "\(name)-\(word)-\(serial)"
    }

    func agent(_ id: String) -> LaneAgent? { agents.first { $0.id == id } }

    /// Tokens that may be built upon: they live, for long enough, and their holder is who is asked for.
    func living(heldBy id: String) -> [Int] {
        let soon = Self.now() + 60
        return tokens.indices.suffix(200).filter {
            !tokens[$0].isDead && tokens[$0].expires > soon && tokens[$0].agents.last == id
        }
    }

    func pick(_ indices: [Int]) -> Int? { indices.randomElement(using: &seed) }

    // MARK: What answers change

    func take(_ form: SignedForm, _ answer: ClientAnswer) throws(Stop) {
        counts[LedgerMirror.key(form.event, form.task), default: 0] += 1
        answered.append(form)
        switch form.effect {
        case .revocation(let index):
            report.count("tokens revoked by their holders")
            end { $0.id == self.tokens[index].id || $0.above.contains(self.tokens[index].id) }
        case .token(let parent, let ticket):
            let (id, text, expires) = try read(answer)
            var above: [String] = []
            var chain: [String] = []
            if let parent {
                above = tokens[parent].above + [tokens[parent].id]
                chain = tokens[parent].agents
            }
            if let ticket {
                tickets[ticket].isUsed = true
                above.append(tickets[ticket].id)
                report.count("tickets redeemed")
            }
            tokens.append(
                HeldToken(
                    id: id, text: text, task: form.task, expires: expires, agents: chain + [form.agent], above: above,
                    round: round))
            report.count("tokens answered")
        case .ticket(let parent, let delegate):
            let (id, text, _) = try read(answer)
            tickets.append(
                HeldTicket(id: id, text: text, parent: parent, delegate: delegate, made: form.made))
            report.count("tickets answered")
        }
    }

    func take(_ step: AdminStep) {
        reasons.append(step.reason)
        switch step.effect {
        case .endToken(let index):
            end { $0.id == self.tokens[index].id || $0.above.contains(self.tokens[index].id) }
        case .endTask(let task): end { $0.task == task }
        case .endAgent(let id): endAgent(id)
        case .endOwner: for agent in agents { endAgent(agent.id) }
        case .suspend(let id):
            endAgent(id)
            change(id) { $0.isSuspended = true }
        case .resume(let id): change(id) { $0.isSuspended = false }
        case .offboard(let id):
            endAgent(id)
            agents.removeAll { $0.id == id }
        case .leave:
            for agent in agents { endAgent(agent.id) }
            (owner, agents) = ("", [])
        }
        report.count("administrators' steps answered")
    }

    func countDecision(_ task: String) { counts[LedgerMirror.key("action.decided", task), default: 0] += 1 }
    func countRotation() { rotations += 1 }
    func useCode(_ agent: String, _ body: [UInt8]) { usedCodes.append((agent, body)) }

    func change(_ id: String, _ body: (inout LaneAgent) -> Void) {
        for index in agents.indices where agents[index].id == id { body(&agents[index]) }
    }

    func newOwner() { owner = "owner:" + unique("owner") }

    func newAgent() throws {
        agents.append(LaneAgent(id: "agent:" + unique("agent"), key: try PrivateKey.generate(.es256)))
    }

    /// The effect of a request whose answer was cut, and which the ledger holds.
    func happen(_ form: SignedForm) {
        counts[LedgerMirror.key(form.event, form.task), default: 0] += 1
        switch form.effect {
        case .revocation(let index):
            end { $0.id == self.tokens[index].id || $0.above.contains(self.tokens[index].id) }
        case .token(_, let ticket?): tickets[ticket].isUsed = true
        case .token, .ticket: break
        }
    }

    /// The kill switch: nothing that is out lives on.
    func endEverything() {
        end { _ in true }
        for index in tickets.indices { tickets[index].isUsed = true }
    }

    private func endAgent(_ id: String) {
        end { $0.agents.contains(id) }
        // What is made out to it may be refused from now on.
        for index in tickets.indices where tickets[index].delegate == id { tickets[index].isUsed = true }
    }

    private func end(_ isConcerned: (HeldToken) -> Bool) {
        for index in tokens.indices where !tokens[index].isDead && isConcerned(tokens[index]) {
            tokens[index].isDead = true
        }
    }

    private func read(_ answer: ClientAnswer) throws(Stop) -> (id: String, text: String, expires: Int64) {
        guard let text = (try? JSONParser.parseObject(answer.body))?["access_token"]?.stringValue,
            let claims = try? JWS.parse(Array(text.utf8)).claims(), let id = claims["jti"]?.stringValue,
            let expires = claims["exp"]?.integerValue
        else {
            report.broken("\(name): an answer of 200 holds no token")
            throw .broken
        }
        return (id, text, expires)
    }
}
