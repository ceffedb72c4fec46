import MayflyCrypto
import MayflyModel
import MayflyPolicy

/// One question to people, and the steps that may become of it, in the writer's order.
struct ApprovalQuestion: Sendable {
    /// What a step changes and writes down.
    struct Step: Sendable {
        var request: ApprovalRequest
        var changes: [Change]
        var events: [LedgerEvent]

        init(_ request: ApprovalRequest, _ events: [LedgerEvent] = [], after earlier: Step? = nil) {
            self.request = request
            changes = (earlier?.changes ?? []) + [.approval(request)]
            self.events = (earlier?.events ?? []) + events
        }
    }

    let subject: ApprovalSubject
    let digest: SHA256Digest
    /// Without repeats, never empty.
    let terms: [ApprovalTerms]
    /// For a new question.
    let fresh: ApprovalID

    init(_ subject: ApprovalSubject, terms: [ApprovalTerms]) throws(OAuthError) {
        self.subject = subject
        digest = subject.digest
        self.terms = terms.uniqued
        fresh = try ApprovalID.random()
    }

    /// Whether it is small enough to be put to people.
    static func fits(_ subject: ApprovalSubject, terms: [ApprovalTerms]) -> Bool {
        Set(terms).count <= ApprovalLimits.terms && subject.canonical.count <= ApprovalLimits.subjectBytes
    }

    /// Whether a record could be read again; what could be written and not be read would keep the broker from starting.
    static func isReadable(_ request: ApprovalRequest) -> Bool {
        let written = JSONWriter.bytes(of: .object(request.stored))
        guard let stored = try? JSONParser.parseObject(written) else { return false }
        return (try? ApprovalRequest(stored: stored)) != nil
    }

    /// The record of a new question that is put at `now`; `expiry` is in seconds, within the window, nil for all of it.
    func record(at now: Timestamp, source: ApprovalSource, expiry: Int64? = nil) -> ApprovalRequest {
        let window = terms.map(\.window).min() ?? 0
        return ApprovalRequest(
            id: fresh, subject: subject, digest: digest, terms: terms, createdAt: now,
            lapsesAt: now.advanced(bySeconds: min(window, expiry ?? window)), source: source)
    }

    /// Puts the question; nil when as many wait as may.
    func raise(
        at now: Timestamp, source: ApprovalSource, expiry: Int64? = nil, in state: Tables, after earlier: Step? = nil
    ) -> Step? {
        guard state.approvalIndex.hasRoom(for: subject) else { return nil }
        let new = record(at: now, source: source, expiry: expiry)
        return Step(
            new, [.approval(.approvalRaised, .ok, new, by: new.subject.agent.text, state)], after: earlier)
    }

    /// Somebody whose vote was needed has left, or lost the group or the key: people are asked again.
    func reopen(_ found: ApprovalRequest, in state: Tables, at now: Timestamp) -> Step {
        let open = state.reopened(found)
        return Step(open, [.approval(.approvalReopened, .refused, open, by: "broker", state, at: now)])
    }

    /// The window ended first.
    func lapse(_ found: ApprovalRequest, in state: Tables, at now: Timestamp) -> Step {
        ended(found.lapsed, .approvalExpired, in: state, at: now)
    }

    /// The question was another one, or what asked it was revoked: it is not answered for this request.
    func supersede(_ found: ApprovalRequest, in state: Tables, at now: Timestamp) -> Step {
        ended(found.superseded(at: now), .approvalSuperseded, in: state, at: now)
    }

    private func ended(
        _ request: ApprovalRequest, _ kind: LedgerEvent.Kind, in state: Tables, at now: Timestamp
    ) -> Step {
        Step(request, [.approval(kind, .refused, request, by: subject.agent.text, state, at: now)])
    }
}

extension [ApprovalTerms] {
    /// These in their order, each once.
    fileprivate var uniqued: [ApprovalTerms] {
        var seen: Set<ApprovalTerms> = []
        return filter { seen.insert($0).inserted }
    }
}
