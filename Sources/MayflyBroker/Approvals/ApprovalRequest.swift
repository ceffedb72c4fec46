package import MayflyCrypto
package import MayflyModel
package import MayflyPolicy

/// A question to people: whether one agent may have exactly what `subject` says, once.
package struct ApprovalRequest: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        /// People are to decide.
        case pending
        /// Enough people have agreed; the agent has not come back yet.
        case approved
        /// Somebody said no; the same request is refused until its window ends.
        case denied
        /// The window ended first.
        case expired
        /// A token was made of it, or the action was allowed.
        case used
        /// Another policy is in force, something else of the request has changed, or what asked was revoked.
        case superseded
    }

    package let id: ApprovalID
    /// `subject.digest`, kept because every token request looks for it.
    package let digest: SHA256Digest
    package let subject: ApprovalSubject
    /// Every one of them must be satisfied; never empty.
    package let terms: [ApprovalTerms]
    package var state: State
    /// In the order in which they were cast: one agreement of each person at most, and a denial only as the last.
    package var votes: [ApprovalVote]
    package private(set) var createdAt: Timestamp
    /// When the smallest window of the terms ends: people must have agreed and the agent must have come back.
    package private(set) var lapsesAt: Timestamp
    /// When the client last asked, the request itself included.
    package var lastPolled: Timestamp
    /// Seconds that the client must let pass between two polls.
    package var interval: Int64
    /// Always that of the subject's kind.
    package let source: ApprovalSource

    /// Text of the client's for whoever decides; nobody vouches for it, and the digest does not cover it.
    package var message: String? {
        guard case .client(let message, _) = source else { return nil }
        return message
    }

    /// What a poll by `auth_req_id` asks for again; nil for a request that a parent token must come with, and for an
    /// action.
    package var request: TokenRequest? {
        guard case .client(_, let request) = source else { return nil }
        return request
    }

    /// When the record may be forgotten.
    ///
    /// An agreement stands for actions of the token that was made of it, which was made within the window and lives as
    /// long as it says at most; that to an action is over with it. A denial stands for the window of the terms, however
    /// short a one the client asked for.
    package var expiresAt: Timestamp? {
        let end =
            switch state {
            case .used: lapsesAt.advanced(bySeconds: subject.rights?.life ?? 0)
            case .denied: createdAt.advanced(bySeconds: terms.map(\.window).min() ?? 0)
            case .pending, .approved, .expired, .superseded: lapsesAt
            }
        return end.advanced(bySeconds: ApprovalLimits.memory)
    }

    /// Whether it takes up one of the places for requests that nobody has decided, which it does until it is forgotten.
    ///
    /// An agent that ends its own token supersedes what was asked with it, and must not have room for more by that.
    var isUndecided: Bool {
        switch state {
        case .pending, .expired: true
        case .superseded: subject.action != nil
        case .approved, .denied, .used: false
        }
    }

    /// The request when its window has ended.
    var lapsed: ApprovalRequest {
        var ended = self
        ended.state = .expired
        return ended
    }

    /// The request when something else has taken its place, or nothing may.
    ///
    /// A question about an action is forgotten soon after: whoever comes with another token asks anew.
    func superseded(at now: Timestamp) -> ApprovalRequest {
        var ended = self
        ended.state = .superseded
        if subject.action != nil { ended.lapsesAt = min(lapsesAt, now) }
        return ended
    }

    /// This as a clock has to take it that was set back to `now`: what seems to be asked later was asked now.
    ///
    /// Nil when nothing lies ahead. Otherwise it would wait for people, or be denied, until the time that was wrong has
    /// come.
    func takenBack(to now: Timestamp) -> ApprovalRequest? {
        guard now < createdAt else { return nil }
        var request = self
        request.lapsesAt = Timestamp(
            milliseconds: max(0, lapsesAt.milliseconds - createdAt.milliseconds) + now.milliseconds)
        (request.createdAt, request.lastPolled) = (now, now)
        return request
    }

    /// Whether something can still become of it.
    var isOpen: Bool { state == .pending || state == .approved }

    /// Whole seconds until the window ends, at least 0.
    package func secondsLeft(at now: Timestamp) -> Int64 { max(0, lapsesAt.seconds - now.seconds) }

    /// Whole seconds since the request was made, at least 0.
    func age(at now: Timestamp) -> Int64 { max(0, now.seconds - createdAt.seconds) }

    package static let kind = RecordKind.approval
    package static func key(of id: ApprovalID) -> [UInt8] { Array(id.text.utf8) }

    init(
        id: ApprovalID, subject: ApprovalSubject, digest: SHA256Digest, terms: [ApprovalTerms],
        createdAt: Timestamp, lapsesAt: Timestamp, source: ApprovalSource
    ) {
        precondition(source.goes(with: subject), "a client asks for tokens, and a tool about actions")
        self.id = id
        self.subject = subject
        self.digest = digest
        self.terms = terms
        state = .pending
        votes = []
        self.createdAt = createdAt
        self.lapsesAt = lapsesAt
        lastPolled = createdAt
        interval = ApprovalLimits.interval
        self.source = source
    }
}

extension ApprovalRequest {
    package var stored: JSONObject {
        var object: JSONObject = [
            "id": .string(id.text), "sha256": .string(Base64URL.encode(digest.bytes)), "state": .string(state.rawValue),
            "subject": .object(subject.json), "terms": .array(terms.map { .object($0.json) }),
            "votes": .array(votes.map { .object($0.json) }), "created": .integer(createdAt.milliseconds),
            "lapses": .integer(lapsesAt.milliseconds), "polled": .integer(lastPolled.milliseconds),
            "interval": .integer(interval),
        ]
        switch source {
        case .client(let message, let request):
            object["message"] = message.map { .string($0) }
            object["request"] = request.map { .object($0.json) }
        case .tool(let presented): object["presented"] = .object(presented.json)
        }
        return object
    }

    /// Reads what `stored` wrote; a digest that is not the subject's is refused, and what goes with the other kind.
    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.approvalID("id")
        digest = try fields.digest("sha256")
        state = try fields.required("state", try fields.choice("state", State.self))
        var subjectReader = try fields.required("subject", try fields.object("subject"))
        subject = try ApprovalSubject(&subjectReader)
        try subjectReader.finish()
        guard subject.digest == digest else {
            throw fields.failure("sha256", .invalid(rule: "the digest of the subject"))
        }
        var terms: [ApprovalTerms] = []
        for (value, path) in try fields.values("terms", maximumCount: ApprovalLimits.terms) ?? [] {
            var reader = try FieldReader(value, path: path)
            terms.append(try ApprovalTerms(&reader))
        }
        guard !terms.isEmpty else { throw fields.failure("terms", .missing) }
        self.terms = terms
        var votes: [ApprovalVote] = []
        for (value, path) in try fields.values("votes", maximumCount: Self.maximumVotes) ?? [] {
            var reader = try FieldReader(value, path: path)
            votes.append(try ApprovalVote(&reader))
        }
        self.votes = votes
        createdAt = Timestamp(milliseconds: try fields.integer("created", in: 0...Int64.max))
        lapsesAt = Timestamp(milliseconds: try fields.integer("lapses", in: 0...Int64.max))
        lastPolled = Timestamp(milliseconds: try fields.integer("polled", in: 0...Int64.max))
        interval = try fields.integer("interval", in: 1...ApprovalLimits.longestInterval)
        source = try ApprovalSource(of: subject, &fields)
        try fields.finish()
    }

    /// More than can be cast: each vote that changes nothing is the last of its person, and enough of them end it.
    static let maximumVotes = Int(ApprovalTerms.maximumQuorum) * ApprovalLimits.terms + 1
}
