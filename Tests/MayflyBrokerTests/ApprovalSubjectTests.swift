import MayflyCrypto
import MayflyModel
import MayflyPolicy
import Testing

@testable import MayflyBroker

/// The digest stands for exactly one request.
struct ApprovalSubjectTests {
    private static func subject(_ random: inout SeededGenerator) throws -> ApprovalSubject {
        func word() -> String { "w\(UInt64.random(in: 0...5, using: &random))" }
        func agent() throws -> AgentID { try #require(AgentID("agent:" + word())) }
        let asked: ApprovalSubject.Asked =
            if Bool.random(using: &random) {
                .token(
                    .init(
                        operation: try #require(ApprovalSubject.Operation.allCases.randomElement(using: &random)),
                        details: (0..<Int.random(in: 0...2, using: &random)).map { _ in
                            .object([word(): .string(word())])
                        }, delegates: [.agent(try agent())], life: Int64.random(in: 1...3600, using: &random)))
            } else {
                .action(.init(name: word(), type: word(), identifier: word()))
            }
        return ApprovalSubject(
            asked, agent: try agent(), owner: try #require(OwnerID("owner:" + word())),
            resource: try #require(ResourceName(word())),
            scopes: ScopeSet((0..<Int.random(in: 0...3, using: &random)).compactMap { _ in Scope(word()) }),
            context: [word(): .string(word()), "nested": .object([word(): .integer(1), word(): .null])],
            chain: try (0..<Int.random(in: 0...2, using: &random)).map { _ in try agent() },
            task: Bool.random(using: &random) ? word() : nil, bundle: word())
    }

    /// The same with one thing changed, in every way there is.
    private static func changed(_ subject: ApprovalSubject) throws -> [ApprovalSubject] {
        var all: [ApprovalSubject] = []
        func change(_ edit: (inout ApprovalSubject) throws -> Void) rethrows {
            var other = subject
            try edit(&other)
            all.append(other)
        }
        func context(_ context: JSONObject) {
            all.append(
                ApprovalSubject(
                    subject.asked, agent: subject.agent, owner: subject.owner, resource: subject.resource,
                    scopes: subject.scopes, context: context, chain: subject.chain, task: subject.task,
                    bundle: subject.bundle))
        }
        switch subject.asked {
        case .token(let rights):
            for other in try changed(rights) { change { $0.asked = .token(other) } }
            change { $0.asked = .action(.init(name: "new", type: "t", identifier: "1")) }
        case .action(let action):
            for other in changed(action) { change { $0.asked = .action(other) } }
            change { $0.asked = .token(.init(operation: .issue, details: [], delegates: [], life: 1)) }
        }
        try change { $0.agent = try #require(AgentID("agent:new")) }
        try change { $0.owner = try #require(OwnerID("owner:new")) }
        try change { $0.resource = try #require(ResourceName("new")) }
        try change { $0.scopes = ScopeSet($0.scopes.scopes + [try #require(Scope("new"))]) }
        if !subject.scopes.isEmpty { change { $0.scopes = ScopeSet($0.scopes.scopes.dropLast()) } }
        try change { $0.chain.append(try #require(AgentID("agent:new"))) }
        if !subject.chain.isEmpty { change { $0.chain.removeLast() } }
        change { $0.task = ($0.task ?? "") + "x" }
        if subject.task != nil { change { $0.task = nil } }
        change { $0.bundle += "x" }
        context([:])
        for member in subject.context.members {
            var less = subject.context
            less[member.name] = nil
            context(less)
            var other = subject.context
            other[member.name] = .string("another")
            context(other)
        }
        return all
    }

    private static func changed(_ rights: ApprovalSubject.Rights) throws -> [ApprovalSubject.Rights] {
        var all: [ApprovalSubject.Rights] = []
        func change(_ edit: (inout ApprovalSubject.Rights) throws -> Void) rethrows {
            var other = rights
            try edit(&other)
            all.append(other)
        }
        for operation in ApprovalSubject.Operation.allCases where operation != rights.operation {
            change { $0.operation = operation }
        }
        change { $0.details.append(.object([:])) }
        if !rights.details.isEmpty { change { $0.details.removeLast() } }
        try change { $0.delegates.append(.agent(try #require(AgentID("agent:new")))) }
        change { $0.delegates.removeLast() }
        change { $0.life += 1 }
        return all
    }

    private static func changed(_ action: ApprovalSubject.Action) -> [ApprovalSubject.Action] {
        [
            .init(name: action.name + "x", type: action.type, identifier: action.identifier),
            .init(name: action.name, type: action.type + "x", identifier: action.identifier),
            .init(name: action.name, type: action.type, identifier: action.identifier + "x"),
            // What moves from one member to another is not the same.
            .init(name: action.name, type: action.identifier + "y", identifier: action.type),
        ]
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func anySingleChangeChangesTheDigest(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let subject = try Self.subject(&random)
        for other in try Self.changed(subject) where other != subject {
            #expect(other.digest != subject.digest, "seed \(seed): \(other)")
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func whatIsReadBackIsTheSame(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let subject = try Self.subject(&random)
        let parsed = try JSONParser.parseObject(JSONWriter.bytes(of: .object(subject.json)))
        var fields = FieldReader(parsed)
        let read = try ApprovalSubject(&fields)
        try fields.finish()
        #expect(read == subject && read.digest == subject.digest, "seed \(seed)")
    }

    @Test func theOrderOfMembersIsNothingAndTheOrderOfElementsIsSomething() throws {
        var random = SeededGenerator(seed: 1)
        let base = try Self.subject(&random)
        func with(_ context: JSONObject) -> SHA256Digest {
            ApprovalSubject(
                agent: base.agent, owner: base.owner, resource: base.resource, scopes: base.scopes, context: context,
                life: 1, bundle: "b"
            ).digest
        }
        let (one, two) = (JSONValue.integer(1), JSONValue.integer(2))
        let straight = with(["a": .object(["x": one, "y": two]), "b": one])
        #expect(straight == with(["b": one, "a": .object(["y": two, "x": one])]))
        #expect(with(["a": .array([one, two])]) != with(["a": .array([two, one])]))
        // Values that only look alike are different, and nothing can be moved from one place to another.
        #expect(with(["a": .string("1")]) != with(["a": one]))
        #expect(with(["a": .number("1.0")]) != with(["a": .number("1.00")]))
        #expect(with(["a": .string("\",\"b\":\"c")]) != with(["a": .string(""), "b": .string("c")]))
        #expect(with(["K": one]) != with(["\u{212A}": one]))
    }

    /// What stands in stores and in the ledger must be found again by every later version.
    @Test func theCanonicalFormIsTheOneThatItWas() throws {
        var token = try Self.token()
        token.task = "t"
        token.asked = .token(
            .init(
                operation: .exchange, details: [.object(["type": .string("d")])],
                delegates: [.agent(try #require(AgentID("agent:b")))], life: 300))
        #expect(
            String(decoding: token.canonical, as: UTF8.self)
                == #"{"mayfly_approval":1,"subject":{"operation":"exchange","agent":"agent:a","owner":"owner:o","#
                + #""resource":"r","scopes":[],"authorization_details":[{"type":"d"}],"context":{},"chain":[],"#
                + #""task":"t","delegates":["agent:b"],"life":300,"bundle":"b"}}"#)
        #expect(
            String(decoding: try Self.action().canonical, as: UTF8.self)
                == #"{"mayfly_approval":1,"subject":{"operation":"action","agent":"agent:a","owner":"owner:o","#
                + #""resource":"r","scopes":[],"action":"pay","thing":{"type":"note","id":"1"},"context":{},"#
                + #""chain":[],"bundle":"b"}}"#)
    }

    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func request(_ subject: ApprovalSubject, _ source: ApprovalSource) throws -> ApprovalRequest {
        ApprovalRequest(
            id: try ApprovalID.random(), subject: subject, digest: subject.digest, terms: [ApprovalTerms()],
            createdAt: now, lapsesAt: now.advanced(bySeconds: 900), source: source)
    }

    private static func token() throws -> ApprovalSubject {
        ApprovalSubject(
            agent: try #require(AgentID("agent:a")), owner: try #require(OwnerID("owner:o")),
            resource: try #require(ResourceName("r")), scopes: ScopeSet([]), life: 300, bundle: "b")
    }

    private static func action() throws -> ApprovalSubject {
        var subject = try token()
        subject.asked = .action(.init(name: "pay", type: "note", identifier: "1"))
        return subject
    }

    @Test func aStoredRequestWithAnotherSubjectIsNotTaken() throws {
        var asked = TokenRequest()
        asked.scope = "a b"
        asked.context = try PolicyContext(["a": .integer(1)])
        let request = try Self.request(try Self.token(), .client(message: "m", request: asked))
        #expect(try ApprovalRequest(stored: request.stored) == request)
        var forged = request.stored
        var inner = try #require(forged["subject"]?.objectValue)
        inner["agent"] = .string("agent:new")
        forged["subject"] = .object(inner)
        #expect(throws: FieldError.self) { try ApprovalRequest(stored: forged) }
        forged = request.stored
        forged["terms"] = .array([])
        #expect(throws: FieldError.self) { try ApprovalRequest(stored: forged) }
    }

    @Test func aStoredRequestHasTheMembersOfItsKindAndNoOthers() throws {
        let presented = ApprovalSource.Presented(epoch: 7, tokens: ["root", "ticket", "own"], trace: "trace")
        let request = try Self.request(try Self.action(), .tool(presented))
        #expect(try ApprovalRequest(stored: request.stored) == request)
        for name in ["message", "request"] {
            var mixed = request.stored
            mixed[name] = name == "message" ? .string("m") : .object(TokenRequest().json)
            #expect(throws: FieldError.self, "\(name)") { try ApprovalRequest(stored: mixed) }
        }
        var less = request.stored
        less["presented"] = nil
        #expect(throws: FieldError.self) { try ApprovalRequest(stored: less) }
        var more = try Self.request(try Self.token(), .client(message: nil, request: nil)).stored
        more["presented"] = .object(presented.json)
        #expect(throws: FieldError.self) { try ApprovalRequest(stored: more) }
        // Nor has the subject, whatever its digest would be.
        for name in ["authorization_details", "delegates", "life"] {
            var mixed = try Self.action().json
            mixed[name] = name == "life" ? .integer(1) : .array([])
            #expect(throws: FieldError.self, "\(name)") {
                var fields = FieldReader(mixed)
                _ = try ApprovalSubject(&fields)
                try fields.finish()
            }
        }
    }
}
