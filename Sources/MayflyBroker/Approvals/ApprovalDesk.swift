package import MayflyModel
import MayflyPolicy

/// Where people see what agents ask for, and say yes or no.
package struct ApprovalDesk: Sendable {
    package typealias Completion = @Sendable (Result<View, BrokerError>) -> Void

    let state: BrokerState
    let clock: BrokerClock
    let writer: Writer
    let governance: any Governance

    /// A request as it stands now.
    package struct View: Sendable {
        package let request: ApprovalRequest
        /// With what time and policy have done to it.
        package let state: ApprovalRequest.State
        /// Seconds until the window ends.
        package let secondsLeft: Int64
    }

    /// Who looks: an administrator sees all; an owner what they may vote on, voted on, or answer for.
    package enum Reader: Sendable {
        case admin(AdminID)
        case owner(OwnerID)

        /// The name for the ledger.
        var text: String {
            switch self {
            case .admin(let id): id.text
            case .owner(let id): id.text
            }
        }

        /// Takes the subject of a broker token.
        package init?(_ text: String) {
            if let admin = AdminID(text) {
                self = .admin(admin)
            } else if let owner = OwnerID(text) {
                self = .owner(owner)
            } else {
                return nil
            }
        }
    }

    /// Every request that `reader` may see and that is in `wanted`, the oldest first.
    package func requests(for reader: Reader, in wanted: ApprovalRequest.State?) -> [View] {
        let now = clock.now()
        return state.read { tables in
            let bundle = governance.bundle(in: tables)
            return tables.approvals.all { request in
                (wanted.map { tables.state(of: request, bundle: bundle, at: now) == $0 } ?? true)
                    && Self.isVisible(request, to: reader, in: tables)
            }.map { Self.view($0, tables, bundle, now) }
        }.sorted { ($0.request.createdAt, $0.request.id.text) < ($1.request.createdAt, $1.request.id.text) }
    }

    /// One request; nil when there is none that `reader` may see.
    package func request(_ id: ApprovalID, for reader: Reader) -> View? {
        let now = clock.now()
        return state.read { tables in
            guard let request = tables.approvals[id], Self.isVisible(request, to: reader, in: tables) else {
                return nil
            }
            return Self.view(request, tables, governance.bundle(in: tables), now)
        }
    }

    /// Casts a vote, or an administrator's denial, and answers the request as it stands then.
    ///
    /// `epoch` is that of the token with which the voter signed in.
    ///
    /// Fails with `.notFound`, with `.forbidden` for one who is not asked, and with `.conflict` for a second vote and
    /// for a request that waits no more.
    package func vote(
        _ approves: Bool, on id: ApprovalID, by reader: Reader, signedIn epoch: Int64, reason: String,
        _ completion: @escaping Completion
    ) {
        let voter: VoteCommand.Voter =
            switch reader {
            case .admin(let id): .admin(id)
            case .owner(let id): .owner(id)
            }
        let command = VoteCommand(
            id: id, voter: voter, epoch: epoch, approves: approves, reason: reason, governance: governance)
        let clock = clock
        writer.submit(command) { result in
            completion(
                result.flatMap { $0 }.map { request in
                    View(request: request, state: request.state, secondsLeft: request.secondsLeft(at: clock.now()))
                })
        }
    }

    private static func isVisible(
        _ request: ApprovalRequest, to reader: Reader, in tables: borrowing Tables
    ) -> Bool {
        guard case .owner(let id) = reader else { return true }
        guard let owner = tables.owners[id] else { return false }
        return request.terms.contains { tables.isMember(owner, of: $0) } || tables.answers(id, for: request.subject)
            || request.votes.contains { $0.approver == id }
    }

    private static func view(
        _ request: ApprovalRequest, _ tables: borrowing Tables, _ bundle: String, _ now: Timestamp
    ) -> View {
        View(
            request: request, state: tables.state(of: request, bundle: bundle, at: now),
            secondsLeft: request.secondsLeft(at: now))
    }
}
