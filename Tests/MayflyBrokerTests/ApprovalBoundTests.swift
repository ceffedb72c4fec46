import MayflyCrypto
import MayflyModel
import MayflyPolicy
import Testing

@testable import MayflyBroker

/// What waits for people is bounded, and the counting follows the records.
struct ApprovalBoundTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func subject(_ agent: Int, _ task: Int) throws -> ApprovalSubject {
        ApprovalSubject(
            agent: try #require(AgentID("agent:a\(agent)")), owner: try #require(OwnerID("owner:o")),
            resource: try #require(ResourceName("tickets")), scopes: ScopeSet([]), task: "t-\(task)", life: 300,
            bundle: TokenClaims.registryBundle)
    }

    /// An action of the agent, at one of a few resources.
    private static func action(_ agent: Int, _ task: Int, at resource: Int = 0) throws -> ApprovalSubject {
        ApprovalSubject(
            .action(.init(name: "pay", type: "note", identifier: "\(task)")),
            agent: try #require(AgentID("agent:a\(agent)")), owner: try #require(OwnerID("owner:o")),
            resource: try #require(ResourceName("r\(resource)")), scopes: ScopeSet([]), task: "t-\(task)",
            bundle: TokenClaims.registryBundle)
    }

    private static func request(
        _ subject: ApprovalSubject, at moment: Timestamp = now
    ) throws -> ApprovalRequest {
        ApprovalRequest(
            id: try ApprovalID.random(), subject: subject, digest: subject.digest, terms: [ApprovalTerms()],
            createdAt: moment, lapsesAt: moment.advanced(bySeconds: 900),
            source: subject.action == nil
                ? .client(message: nil, request: nil) : .tool(.init(epoch: 1, tokens: ["t"], trace: "r")))
    }

    private static func request(_ agent: Int, _ task: Int, at moment: Timestamp = now) throws -> ApprovalRequest {
        try request(try subject(agent, task), at: moment)
    }

    private static func raise(_ subject: ApprovalSubject) throws -> RaiseApprovalCommand {
        RaiseApprovalCommand(
            question: try ApprovalQuestion(subject, terms: [ApprovalTerms()]), named: nil, request: nil, message: nil,
            requestedExpiry: nil, isPoll: true, assertion: nil, ticket: nil,
            governance: PolicyGovernance())
    }

    @Test func theBoundInAllHolds() throws {
        var tables = Tables()
        for number in 0..<ApprovalLimits.pending {
            tables.apply(.approval(try Self.request(number / ApprovalLimits.pendingPerAgent, number)))
        }
        let command = try Self.raise(try Self.subject(5000, 0))
        let moment = Moment(now: Self.now, epoch: 1)
        #expect(try command.decide(tables, moment).answer == .failure(RaiseApprovalCommand.tooMany))
        // One that is decided makes room; one whose window has ended does when it is forgotten.
        var denied = try #require(tables.approvals.all.first)
        denied.state = .denied
        tables.apply(.approval(denied))
        let decided = try command.decide(tables, moment)
        guard case .success = decided.answer else { return #expect(Bool(false), "\(decided.answer)") }
        #expect(decided.changes.count == 1 && decided.events.count == 1)
    }

    @Test func actionsTakeTheirOwnPlacesAndLeaveTheRestToTokens() throws {
        var tables = Tables()
        for number in 0..<ApprovalLimits.actionsPerAgent {
            #expect(tables.approvalIndex.hasRoom(for: try Self.action(0, number)))
            tables.apply(.approval(try Self.request(try Self.action(0, number))))
        }
        #expect(!tables.approvalIndex.hasRoom(for: try Self.action(0, 99, at: 1)))
        #expect(tables.approvalIndex.hasRoom(for: try Self.action(1, 99)))
        // The agent can still ask for tokens.
        for number in ApprovalLimits.actionsPerAgent..<ApprovalLimits.pendingPerAgent {
            #expect(tables.approvalIndex.hasRoom(for: try Self.subject(0, number)))
            tables.apply(.approval(try Self.request(0, number)))
        }
        #expect(!tables.approvalIndex.hasRoom(for: try Self.subject(0, 99)))
        // A resource that sees the tokens of many agents has its own bound.
        let agents = ApprovalLimits.actionsPerResource / ApprovalLimits.actionsPerAgent
        for agent in 1..<agents {
            for number in 0..<ApprovalLimits.actionsPerAgent {
                tables.apply(.approval(try Self.request(try Self.action(agent, number))))
            }
        }
        #expect(!tables.approvalIndex.hasRoom(for: try Self.action(agents, 0)))
        #expect(tables.approvalIndex.hasRoom(for: try Self.action(agents, 0, at: 1)))
        #expect(tables.approvalIndex.hasRoom(for: try Self.subject(agents, 0)))
    }

    /// Random lives of random requests, in a draft that is published after each step.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func theIndexSaysWhatTheRecordsSay(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var tables = Tables()
        var now = Self.now
        for _ in 0..<200 {
            var draft = tables
            if Int.random(in: 0..<3, using: &random) == 0, var old = draft.approvals.all.randomElement(using: &random) {
                old.state = ApprovalRequest.State.allCases.randomElement(using: &random) ?? .used
                // At most one of a digest is open, which is what the command sees to.
                if draft.approval(for: old.digest)?.id == old.id || !old.isOpen { draft.apply(.approval(old)) }
            } else {
                let (agent, task) = (Int.random(in: 0..<3, using: &random), Int.random(in: 0..<5, using: &random))
                let new = try Self.request(
                    Bool.random(using: &random)
                        ? try Self.subject(agent, task)
                        : try Self.action(agent, task, at: Int.random(in: 0..<2, using: &random)), at: now)
                if draft.approval(for: new.digest)?.isOpen != true { draft.apply(.approval(new)) }
            }
            let drafted = draft.drafted
            draft = Tables()
            if Bool.random(using: &random) {
                now = now.advanced(bySeconds: Int64.random(in: 0..<300, using: &random))
                // As while a commit is on its way to the disk.
                _ = tables.forgetExpired(at: now, limit: 32)
            }
            tables.absorb(drafted)
            try Self.check(tables, seed)
        }
    }

    private static func check(_ tables: Tables, _ seed: UInt64) throws {
        let all = tables.approvals.all
        #expect(tables.approvalIndex.undecidedCount == all.filter(\.isUndecided).count, "seed \(seed)")
        for agent in 0..<3 {
            let id = try #require(AgentID("agent:a\(agent)"))
            let own = all.filter { $0.subject.agent == id && $0.isUndecided }
            #expect(tables.approvalIndex.undecidedCount(of: id) == own.count, "seed \(seed)")
        }
        for resource in 0..<2 {
            let name = try #require(ResourceName("r\(resource)"))
            let own = all.filter { $0.subject.resource == name && $0.isUndecided }
            #expect(tables.approvalIndex.undecidedActionCount(at: name) == own.count, "seed \(seed)")
        }
        for request in all where request.isOpen {
            #expect(tables.approval(for: request.digest)?.id == request.id, "seed \(seed)")
        }
        for request in all { #expect(tables.approval(for: request.digest) != nil, "seed \(seed)") }
    }

    @Test func theOpenOneOfSeveralIsFoundWhateverTheOrderOfLoading() throws {
        var used = try Self.request(1, 1)
        used.state = .used
        let open = try Self.request(1, 1)
        for order in [[used, open], [open, used]] {
            var tables = Tables()
            for request in order { tables.load(.approval(request)) }
            #expect(tables.approval(for: open.digest, at: Self.now)?.id == open.id)
            #expect(tables.approval(for: open.digest, at: open.lapsesAt) == nil)
        }
        // Both are done, and of the same moment.
        var denied = open
        denied.state = .denied
        for order in [[used, denied], [denied, used]] {
            var tables = Tables()
            for request in order { tables.load(.approval(request)) }
            #expect(tables.approval(for: open.digest, at: Self.now)?.id == denied.id)
        }
    }
}
