@testable import MayflyBroker
import MayflyModel
import Testing

/// Whatever tools, agents, people, revocations, time and restarts do in whatever order: each action that needed people
/// has an agreement of its own, to exactly it, that held; and the index of what is open agrees with the records.
struct ActionApprovalPropertyTests {
    private struct Action: Hashable {
        let agent: String
        let thing: Int
        let records: Int
    }

    /// What a bystander with a pencil knows of one question.
    private struct Question {
        let action: Action
        let token: String
        let raised: Timestamp
        var isAgreed = false
        /// Denied, or ended with what asked it.
        var isOver = false
    }

    private struct Held {
        let token: String
        let id: String
        let ends: Timestamp
    }

    private static let agents = ["agent:root", "agent:other"]
    private static let voters = ["owner:finance-lead", "owner:finance-deputy"]
    private static let window: Int64 = 400

    private static func held(_ bench: ActionBench, _ agent: String, _ tokens: inout [String: Held]) throws -> Held {
        let now = bench.world.clock.now()
        if let held = tokens[agent], now < held.ends { return held }
        let token = try bench.token(agent)
        let id = try #require(try bench.world.introspect(token).string("jti"))
        let fresh = Held(token: token, id: id, ends: now.advanced(bySeconds: 300))
        tokens[agent] = fresh
        return fresh
    }

    @Test(arguments: 0..<24 as Range<UInt64>)
    func noActionWithoutAnAgreementOfItsOwn(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bench = try ActionBench(ActionBench.bundle(window: "\(Self.window)s"))
        var questions: [String: Question] = [:]
        var tokens: [String: Held] = [:]
        for step in 0..<120 {
            let label = "seed \(seed), step \(step)"
            let agent = try #require(Self.agents.randomElement(using: &random))
            switch Int.random(in: 0..<12, using: &random) {
            case 0...4:
                let action = Action(
                    agent: agent, thing: Int.random(in: 0..<2, using: &random),
                    records: Int.random(in: 100..<102, using: &random))
                let held = try Self.held(bench, agent, &tokens)
                let context = #"{"records":\#(action.records)}"#
                let answer = try bench.ask(held.token, context, id: "\(action.thing)")
                let now = bench.world.clock.now()
                if answer.isAllowed {
                    let page = try bench.world.admin(
                        "GET", "/api/v1/ledger?event=action.decided&outcome=allowed&limit=1")
                    let entry = page["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
                    let id = try #require(entry?["approval"]?.stringValue, "\(label)")
                    // Removed, so that a second use of it is not found.
                    let known = questions.removeValue(forKey: id)
                    let question = try #require(known, "\(label)")
                    #expect(question.action == action && question.isAgreed && !question.isOver, "\(label)")
                    #expect(now.seconds - question.raised.seconds < Self.window, "\(label)")
                } else if let id = answer.approvalID {
                    if questions[id] == nil {
                        #expect(answer.standing == "pending", "\(label)")
                        questions[id] = Question(action: action, token: held.id, raised: now)
                    }
                    #expect(questions[id]?.action == action, "\(label)")
                } else {
                    #expect(answer.isWithheld("failed"), "\(label): \(answer.text)")
                }
            case 5...7:
                guard let id = questions.keys.sorted().randomElement(using: &random),
                    let voter = Self.voters.randomElement(using: &random)
                else { continue }
                if try bench.desk.vote(id, as: voter).status == 200 { questions[id]?.isAgreed = true }
            case 8:
                guard let id = questions.keys.sorted().randomElement(using: &random) else { continue }
                if try bench.desk.deny(id, as: Self.voters[0]).status == 200 { questions[id]?.isOver = true }
            case 9: bench.world.clock.advance(Int64.random(in: 0..<120, using: &random))
            case 10:
                let held = try Self.held(bench, agent, &tokens)
                tokens[agent] = nil
                let isAgent = Bool.random(using: &random)
                let what = isAgent ? #""agent":"\#(agent)""# : #""token":"\#(held.id)""#
                #expect(try bench.world.revoke("{\(what),\"reason\":\"r\"}").status < 300, "\(label)")
                for (id, question) in questions
                where isAgent ? question.action.agent == agent : question.token == held.id {
                    questions[id]?.isOver = true
                }
            default:
                bench = try ActionBench(restarting: bench)
                while try bench.world.broker.removeExpired() {}
            }
            let (indexed, open) = bench.world.broker.state.read { tables in
                (
                    tables.approvalIndex.openActions,
                    tables.approvals.all.filter { $0.isOpen && $0.subject.action != nil }
                )
            }
            #expect(indexed == Set(open.map(\.id)), "\(label)")
        }
    }
}
