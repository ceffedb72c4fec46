import MayflyModel
import MayflyPolicy

extension VerificationService {
    /// Works out what people would have to agree to before an action that policy wants approved is allowed.
    ///
    /// The question is about this action, on this thing, with all that the tool states of it, by this agent under these
    /// agents in this task. The token itself is no part of it: tokens live minutes, and people take longer. A token
    /// that the same agent gets for the same task stands in its place, as long as nothing ended the first before its
    /// time.
    func consent(
        to question: ActionQuestion, _ ruling: PolicyRuling, of agent: Agent, with active: ActiveToken,
        scopes: ScopeSet,
        asker: Asker, asksPeople: Bool
    ) throws(OAuthError) -> Consent {
        let claims = active.claims
        guard let type = question.type, let identifier = question.identifier else {
            return .impossible(AccessRequest(.unreadable))
        }
        var subject = ApprovalSubject(
            .action(ApprovalSubject.Action(name: question.action, type: type, identifier: identifier)),
            agent: agent.id, owner: agent.spec.owner, resource: active.resource.id, scopes: scopes,
            context: question.properties, chain: claims.chain.dropLast().map(\.agent), task: claims.task,
            bundle: state.read { governance.bundle(in: $0) })
        subject.person = claims.actedFor?.person
        let now = clock.now()
        let terms = try governance.approvals(for: subject, of: agent, ruling: ruling, at: now)
        // A policy that wants people and names none is not one that anybody can satisfy.
        guard !terms.isEmpty else { return .impossible(AccessRequest(.unreadable)) }
        guard ApprovalQuestion.fits(subject, terms: terms) else { return .impossible(AccessRequest(.tooLarge)) }
        let asked = try ApprovalQuestion(subject, terms: terms)
        let presented = ApprovalSource.Presented(claims, epoch: 0)
        guard ApprovalQuestion.isReadable(asked.record(at: now, source: .tool(presented))) else {
            return .impossible(AccessRequest(.unreadable))
        }
        let seen = state.read { tables -> ApprovalID? in
            guard let found = tables.approval(for: asked.digest, at: now),
                tables.isRedeemable(found, bundle: subject.bundle, at: now)
            else { return nil }
            return found.id
        }
        return .needed(
            ActionApproval(
                question: asked, seen: seen, asking: Self.asking(asker, asksPeople: asksPeople),
                agentVersion: agent.version, governance: governance))
    }

    /// An administrator does no action, so what people agreed to is not for an administrator's question to use up.
    private static func asking(_ asker: Asker, asksPeople: Bool) -> ActionApproval.Asking {
        switch asker {
        case .resource: asksPeople ? .people : .nobody
        case .admin: .look
        }
    }
}
