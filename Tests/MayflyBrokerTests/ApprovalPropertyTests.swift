internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// Whatever agents, people, time and restarts do in whatever order: each token has an agreement of its own that held.
struct ApprovalPropertyTests {
    /// What a bystander with a pencil knows of one question.
    private struct Question {
        var agreed: Set<String> = []
        var isDenied = false
        let raised: Timestamp
    }

    private static let voters = ["owner:finance-lead", "owner:finance-deputy", "owner:ann", "owner:security-lead"]
    /// Those in finance, the agent's own owner left out.
    private static let asked: Set<String> = ["owner:finance-lead", "owner:finance-deputy"]

    @Test(arguments: 0..<24 as Range<UInt64>)
    func noTokenWithoutAnAgreementOfItsOwn(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bench = try ApprovalBench()
        let quorum = Int64.random(in: 1...2, using: &random)
        bench.governance.set { $0.terms = [ApprovalTerms(quorum: quorum, groups: ["finance"], window: 60)] }
        var questions: [String: Question] = [:]
        var current: String?
        var gone: Set<String> = []
        var tokens = 0
        for step in 0..<120 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...3:
                let byID = Bool.random(using: &random)
                let answer = try byID ? current.map { try bench.poll($0) } ?? bench.ask() : bench.ask()
                if answer.status == 200 {
                    tokens += 1
                    let id = try #require(current)
                    let known = questions.removeValue(forKey: id)
                    let question = try #require(known, "seed \(seed), step \(step)")
                    let holding = question.agreed.intersection(Self.asked).subtracting(gone)
                    #expect(Int64(holding.count) >= quorum, "seed \(seed), step \(step)")
                    #expect(!question.isDenied, "seed \(seed), step \(step)")
                    let age = bench.world.clock.now().seconds - question.raised.seconds
                    #expect(age < 60, "seed \(seed), step \(step)")
                } else if let id = answer.string("auth_req_id") {
                    if questions[id] == nil { questions[id] = Question(raised: bench.world.clock.now()) }
                    current = id
                }
            case 4...6:
                guard let id = current, let voter = Self.voters.randomElement(using: &random), !gone.contains(voter)
                else { continue }
                if try bench.vote(id, as: voter).status == 200 { questions[id]?.agreed.insert(voter) }
            case 7:
                guard let id = current, Int.random(in: 0..<3, using: &random) == 0,
                    let voter = Self.voters.randomElement(using: &random), !gone.contains(voter)
                else { continue }
                if try bench.deny(id, as: voter).status == 200 { questions[id]?.isDenied = true }
            case 8: bench.world.clock.advance(Int64.random(in: 0..<40, using: &random))
            default:
                if step % 7 == 0 { bench = try ApprovalBench(restarting: bench) }
                guard Int.random(in: 0..<8, using: &random) == 0,
                    let voter = Self.asked.subtracting(gone).sorted().first
                else { continue }
                gone.insert(voter)
                #expect(try bench.world.admin("POST", "/api/v1/owners/\(voter)/leave").status == 200)
            }
        }
        #expect(try bench.entries("approval.used").count == tokens, "seed \(seed)")
    }
}
