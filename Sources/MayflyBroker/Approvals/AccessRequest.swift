package import MayflyModel

/// Where people stand on one action that a tool asked about; `access_request` in an answer.
///
/// Words and members are those of a task in the AuthZEN Access Request and Approval profile (draft), with those of CIBA
/// beside them. It never allows anything: the tool asks again, and that answer counts.
package struct AccessRequest: Equatable, Sendable {
    package enum Status: String, CaseIterable, Sendable {
        /// People are to decide.
        case pending
        /// Enough people have agreed; asking again uses that up.
        case approved
        case denied
        /// The window ended first.
        case expired
        /// Policy has changed, or something was revoked.
        case cancelled
        /// Nobody was asked; the reason says why.
        case failed
        /// The action was allowed once by this agreement.
        case used
    }

    /// Why nobody was asked.
    package enum Reason: String, CaseIterable, Sendable {
        /// As many questions wait for people as may.
        case tooManyPending = "too_many_pending"
        /// More than people can be asked to read.
        case tooLarge = "too_large"
        /// It holds what cannot be shown, such as a control character in a name.
        case unreadable
    }

    package let status: Status
    package let reason: Reason?
    /// Nil when nobody was asked.
    package let id: ApprovalID?
    package let expiresAt: Timestamp?
    /// Seconds until the window ends, at least 0.
    package let expiresIn: Int64?
    /// Seconds to let pass before asking again; there is something to wait for.
    package let interval: Int64?

    /// Nobody was asked.
    init(_ reason: Reason) {
        (status, self.reason) = (.failed, reason)
        (id, expiresAt, expiresIn, interval) = (nil, nil, nil, nil)
    }

    init(_ request: ApprovalRequest, _ state: ApprovalRequest.State, at now: Timestamp) {
        status =
            switch state {
            case .pending: .pending
            case .approved: .approved
            case .denied: .denied
            case .expired: .expired
            case .superseded: .cancelled
            case .used: .used
            }
        reason = nil
        id = request.id
        expiresAt = request.lapsesAt
        expiresIn = request.secondsLeft(at: now)
        interval = state == .pending ? request.interval : nil
    }
}

extension VerificationService {
    /// What has become of a question about an action that `asker` could have asked; nil for every other id alike.
    ///
    /// A look changes nothing, and uses nothing up.
    package func accessRequest(_ id: ApprovalID, for asker: Asker) -> AccessRequest? {
        let now = clock.now()
        return state.read { tables in
            guard let request = tables.approvals[id], request.subject.action != nil else { return nil }
            if case .resource(let name) = asker, request.subject.resource != name { return nil }
            return AccessRequest(
                request, tables.state(of: request, bundle: governance.bundle(in: tables), at: now), at: now)
        }
    }
}
