import MayflyModel
import MayflyPolicy

/// People's agreement to exactly one action: looked for, used up, or asked for, in the commit of its decision.
struct ActionApproval: Sendable {
    /// How far asking may go.
    enum Asking: Sendable {
        /// People are asked when nobody was, and an agreement is used up.
        case people
        /// An agreement is used up, and nobody is asked.
        case nobody
        /// Nothing is changed.
        case look
    }

    /// What it comes to.
    enum Outcome: Sendable {
        /// People have agreed; the step uses their agreement up.
        case agreed(ApprovalQuestion.Step)
        /// The action is not allowed; `told` is nil when nobody was asked or is to be.
        case withheld(told: AccessRequest?, ApprovalQuestion.Step?)
    }

    let question: ApprovalQuestion
    /// The request that could be used when the decision was prepared: of several that race for it the later ones are
    /// told that it is used, and do not ask anew for what was just done.
    let seen: ApprovalID?
    let asking: Asking
    /// Of the agent as policy saw it.
    let agentVersion: Int64
    let governance: any Governance

    /// Whether agent and policy are still those with which the question was worked out.
    func isCurrent(in state: Tables) -> Bool {
        let subject = question.subject
        return subject.bundle.utf8.elementsEqual(governance.bundle(in: state).utf8)
            && state.agents[subject.agent]?.version == agentVersion
    }

    /// Looks for the agreement in the writer's order; `claims` are those of the living token that is presented.
    func settle(in state: Tables, by claims: TokenClaims, at now: Timestamp) -> Outcome {
        let presented = ApprovalSource.Presented(claims, epoch: state.newestEpoch)
        guard let found = state.approval(for: question.digest) else { return raise(presented, in: state, at: now) }
        guard Set(found.terms) == Set(question.terms) else {
            let isOpen = found.isOpen && asking == .people
            let end = isOpen ? question.supersede(found, in: state, at: now) : nil
            return raise(presented, in: state, at: now, after: end)
        }
        let standing = state.state(of: found, bundle: question.subject.bundle, at: now)
        let told = AccessRequest(found, standing, at: now)
        switch standing {
        case .approved where asking != .look: return .agreed(use(found, by: claims, in: state, at: now))
        case .pending where found.state == .approved && asking == .people:
            return .withheld(told: told, question.reopen(found, in: state, at: now))
        case .approved, .pending, .denied: return .withheld(told: told, nil)
        case .expired where found.isOpen:
            return .withheld(told: told, asking == .people ? question.lapse(found, in: state, at: now) : nil)
        case .used where found.id == seen: return .withheld(told: told, nil)
        case .superseded where found.isOpen && asking == .people:
            return raise(presented, in: state, at: now, after: question.supersede(found, in: state, at: now))
        case .expired, .used, .superseded: return raise(presented, in: state, at: now)
        }
    }

    private func raise(
        _ presented: ApprovalSource.Presented, in state: Tables, at now: Timestamp,
        after earlier: ApprovalQuestion.Step? = nil
    ) -> Outcome {
        guard asking == .people else { return .withheld(told: nil, nil) }
        guard let step = question.raise(at: now, source: .tool(presented), in: state, after: earlier) else {
            return .withheld(told: AccessRequest(.tooManyPending), earlier)
        }
        return .withheld(told: AccessRequest(step.request, .pending, at: now), step)
    }

    private func use(
        _ found: ApprovalRequest, by claims: TokenClaims, in state: Tables, at now: Timestamp
    ) -> ApprovalQuestion.Step {
        var used = found
        used.state = .used
        var event = LedgerEvent.approval(.approvalUsed, .ok, used, by: used.subject.agent.text, state, at: now)
        event.token = claims.tokenID
        return ApprovalQuestion.Step(used, [event])
    }
}

/// What an action that policy wants approved comes to before it is decided.
enum Consent: Sendable {
    /// Allowed if people agree to exactly this.
    case needed(ActionApproval)
    /// People cannot be asked about it.
    case impossible(AccessRequest)
}
