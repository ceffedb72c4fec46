package import MayflyModel

/// How a question came about, and what it keeps of that; a token's is a client's, and an action's a tool's.
package enum ApprovalSource: Equatable, Sendable {
    /// `message` is text of the client's for whoever decides; nobody vouches for it, and the digest does not cover it.
    /// `request` is what a poll by `auth_req_id` asks for again; nil for one that a parent token must come with.
    case client(message: String?, request: TokenRequest?)
    case tool(Presented)

    /// The token with which a tool asked: the question ends with whatever ends that token before its time.
    package struct Presented: Equatable, Sendable {
        /// The newest epoch when the question was put; a larger one of whom it names came later.
        package let epoch: Int64
        /// The `jti` of each token of the chain, and of the tickets between them.
        package let tokens: [String]
        package let trace: String
        /// The roles of the person on whose behalf; empty for an agent's own task.
        package let personRoles: [RoleID]

        package init(epoch: Int64, tokens: [String], trace: String, personRoles: [RoleID] = []) {
            (self.epoch, self.tokens, self.trace, self.personRoles) = (epoch, tokens, trace, personRoles)
        }

        init(_ claims: TokenClaims, epoch: Int64) {
            self.init(
                epoch: epoch, tokens: claims.chain.flatMap { [$0.tokenID, $0.ticket].compactMap { $0 } },
                trace: claims.trace, personRoles: claims.actedFor?.roles ?? [])
        }

        var json: JSONObject {
            var object: JSONObject = [
                "epoch": .integer(epoch), "tokens": .array(tokens.map { .string($0) }), "trace": .string(trace),
            ]
            if !personRoles.isEmpty { object["person"] = .array(personRoles.map { .string($0.text) }) }
            return object
        }

        /// Reads what `json` wrote.
        init(_ fields: inout FieldReader) throws(FieldError) {
            epoch = try fields.integer("epoch", in: 0...Int64.max)
            var tokens: [String] = []
            for (value, _) in try fields.values("tokens", maximumCount: Self.maximumTokens) ?? [] {
                guard let token = value.stringValue, token.utf8.count <= TokenID.maximumLength else {
                    throw fields.failure("tokens", .invalid(rule: "token ids"))
                }
                tokens.append(token)
            }
            self.tokens = tokens
            trace = try fields.string("trace")
            personRoles = try fields.identifiers("person", maximumCount: PeopleSpec.maximumRoles) ?? []
            try fields.finish()
        }

        /// A token and a ticket for each hop.
        private static let maximumTokens = 2 * (Int(RegistryLimits.maximumDepth) + 1)
    }
}

extension ApprovalSource {
    /// Whether it is that of the subject's kind.
    func goes(with subject: ApprovalSubject) -> Bool {
        switch (self, subject.asked) {
        case (.client, .token), (.tool, .action): true
        case (.client, .action), (.tool, .token): false
        }
    }

    /// Takes the members that go with the subject's kind; those of the other are left over.
    init(of subject: ApprovalSubject, _ fields: inout FieldReader) throws(FieldError) {
        switch subject.asked {
        case .action:
            var reader = try fields.required("presented", try fields.object("presented"))
            self = .tool(try Presented(&reader))
        case .token:
            let message = try fields.optionalString("message", maximum: ApprovalLimits.messageBytes)
            guard var reader = try fields.object("request") else {
                self = .client(message: message, request: nil)
                return
            }
            self = .client(message: message, request: try TokenRequest(&reader))
            try reader.finish()
        }
    }
}

extension Tables {
    /// Whether something was revoked since an action was put to people that ends the token with which it was asked: an
    /// agent of its chain, an owner, role or resource, the person it acts for, or everything.
    func isCut(_ request: ApprovalRequest) -> Bool {
        guard case .tool(let presented) = request.source else { return false }
        guard let resource = resources[request.subject.resource] else { return true }
        if let person = request.subject.person {
            let actedFor = ActedFor(person: person, roles: presented.personRoles)
            guard let epoch = epoch(of: actedFor), epoch <= presented.epoch else { return true }
        }
        return ([request.subject.agent] + request.subject.chain).contains { id in
            agents[id].map { epoch(of: $0, for: resource) > presented.epoch } ?? true
        }
    }

    /// Open questions about actions that end with the revocation of `target`, as it leaves them.
    ///
    /// A revocation by name is forgotten when every token that it concerns has expired, which may be before the window
    /// of a question ends; so these are closed in the revocation's own commit.
    func approvals(endedBy target: Revocation.Target, at now: Timestamp) -> [ApprovalRequest] {
        approvalIndex.openActions.compactMap { approvals[$0] }.filter { request in
            guard case .tool(let presented) = request.source else { return false }
            switch target {
            case .token(let id): return presented.tokens.contains { $0.utf8.elementsEqual(id.utf8) }
            case .task(let name): return request.subject.task.map { $0.utf8.elementsEqual(name.utf8) } ?? false
            case .trace(let id): return presented.trace.utf8.elementsEqual(id.utf8)
            }
        }.sorted { $0.id.text < $1.id.text }.map { $0.superseded(at: now) }
    }
}
