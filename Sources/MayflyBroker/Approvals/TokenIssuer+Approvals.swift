import MayflyCrypto
import MayflyModel
import MayflyPolicy

extension TokenIssuer {
    /// What stands between a request and its token.
    enum ApprovalStep {
        /// Nobody is to be asked.
        case none
        /// People have agreed to exactly this; the token uses their agreement up.
        case granted(ApprovalUse)
        /// People are to be asked, or have not answered; the command says which, in the writer's order.
        case asked(RaiseApprovalCommand)
    }

    /// Asks the policy in force about a minting, and looks for the approval that it wants.
    func approvalStep(
        for minting: Minting, of client: AuthenticatedClient, at now: Timestamp
    ) throws(OAuthError) -> ApprovalStep {
        guard minting.approval != nil || governance.mayAsk(minting.ruling) else { return .none }
        let subject = ApprovalSubject(minting, bundle: state.read { governance.bundle(in: $0) })
        var terms = try governance.approvals(
            for: subject, of: minting.view.agent, ruling: minting.ruling, at: now)
        if terms.isEmpty, let named = minting.approval {
            // Who comes with an approval uses it up, though policy would ask nobody now.
            guard let found = state.read({ $0.approvals[named] }) else { throw RaiseApprovalCommand.unknown }
            terms = found.terms
        }
        guard !terms.isEmpty else { return .none }
        return try require(
            terms, for: subject, of: client, request: minting.canBeRepeated ? minting.request : nil,
            named: minting.approval, ticket: minting.ticket?.mark, at: now)
    }

    /// The approval of exactly `subject` under `terms`, or the command that asks people for it.
    ///
    /// `request` is kept so that a poll by `auth_req_id` can ask again; nil when it cannot be asked without a token.
    /// `named` is the one approval that the client comes with, `ticket` what it redeems. Throws `access_denied` for
    /// what people cannot be asked.
    func require(
        _ terms: [ApprovalTerms], for subject: ApprovalSubject, of client: AuthenticatedClient,
        request: TokenRequest?, named: ApprovalID? = nil, ticket: UsedMark? = nil,
        note: ApprovalNote = ApprovalNote(), at now: Timestamp
    ) throws(OAuthError) -> ApprovalStep {
        guard ApprovalQuestion.fits(subject, terms: terms) else { throw Self.tooLarge }
        let question = try ApprovalQuestion(subject, terms: terms)
        let wanted = Set(terms)
        let found = state.read { tables -> ApprovalID? in
            guard let request = named.map({ tables.approvals[$0] }) ?? tables.approval(for: question.digest, at: now),
                request.digest == question.digest, Set(request.terms) == wanted,
                tables.isRedeemable(request, bundle: subject.bundle, at: now)
            else { return nil }
            return request.id
        }
        if let found, note.isPoll {
            return .granted(ApprovalUse(id: found, digest: question.digest, governance: governance))
        }
        let command = RaiseApprovalCommand(
            question: question, named: named, request: request, message: note.message,
            requestedExpiry: note.requestedExpiry, isPoll: note.isPoll, assertion: client.mark,
            proof: client.proof?.mark, ticket: ticket,
            governance: governance)
        guard ApprovalQuestion.isReadable(question.record(at: now, source: command.source)) else {
            throw Self.tooLarge
        }
        return .asked(command)
    }

    private static let tooLarge = OAuthError(
        .accessDenied, "the request is larger than people can be asked to approve; ask for less at once",
        members: ["reason": .string("too_large")])

    /// Asks for the token of an approval (CIBA Core 1.0 §10.1): the stored request goes through everything again.
    package func redeem(
        approval text: String, for client: AuthenticatedClient, _ completion: @escaping Completion
    ) {
        let found = state.read { tables in ApprovalID(text).flatMap { tables.approvals[$0] } }
        guard let found, client.client == .agent(found.subject.agent), let request = found.request else {
            return refuse(RaiseApprovalCommand.unknown, to: client, completion)
        }
        issue(request, to: client, redeeming: found.id, completion)
    }
}

/// What a client says about its request for approval beside the request itself.
package struct ApprovalNote: Sendable {
    /// Text for whoever decides; nobody vouches for it (CIBA Core 1.0 §7.1).
    package var message: String?
    /// Seconds; nil for the whole window.
    package var requestedExpiry: Int64?
    /// Whether asking again counts as a poll.
    var isPoll = true

    package init() {}

    /// Whether a text may be shown to people: bounded, not empty, and without control characters, as a record keeps it.
    package static func isMessage(_ text: String) -> Bool {
        var fields = FieldReader(["message": .string(text)])
        return (try? fields.string("message", maximum: ApprovalLimits.messageBytes)) != nil && !text.isEmpty
    }
}

extension ApprovalSubject {
    /// What a minting would make, under the policy `bundle`.
    init(_ minting: Minting, bundle: String) {
        let grant = minting.grant
        self.init(
            operation: minting.kind == .ticket ? .ticket : minting.parents.isEmpty ? .issue : .exchange,
            agent: minting.view.agent.id, owner: minting.view.agent.spec.owner, resource: minting.view.resource.id,
            scopes: grant.scopes,
            details: grant.details.details.map(\.json) + (grant.limits.isNone ? [] : [grant.limits.json]),
            context: minting.request.context.properties, chain: minting.parents.map(\.agent),
            // A task that the broker has just made up is another one each time.
            task: minting.parents.isEmpty ? minting.request.task : minting.task, delegates: minting.delegates,
            life: minting.life, composition: minting.view.agent.spec.composition?.digest, bundle: bundle)
        person = minting.actedFor?.person
    }
}
