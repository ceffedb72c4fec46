import MayflyModel
import MayflyPolicy

extension TokenIssuer {
    /// Asks people for what a token request needs, before the token is asked for (CIBA Core 1.0 §7).
    ///
    /// Fails with `invalid_request` when policy wants nobody asked, and with `unknown_user_id` for a hint that names
    /// neither the agent's owner nor one of the groups that are asked.
    package func requestApproval(
        _ request: TokenRequest, hint: String?, note: ApprovalNote, for client: AuthenticatedClient,
        _ completion: @escaping @Sendable (Result<PendingApproval, BrokerError>) -> Void
    ) {
        do throws(BrokerError) {
            let now = try clock.trusted()
            let command: RaiseApprovalCommand
            do throws(OAuthError) {
                command = try backchannelCommand(request, hint: hint, note: note, for: client, at: now)
            } catch {
                return refuse(error, to: client) { completion($0.flatMap { _ in .failure(.oauth(error)) }) }
            }
            writer.submit(command) { [metrics] result in
                let answer = result.flatMap { raised in raised.mapError { BrokerError.oauth($0) } }
                if case .failure(let error) = answer { metrics.answered(.failure(error)) }
                completion(answer)
            }
        } catch {
            completion(.failure(error))
        }
    }

    private func backchannelCommand(
        _ request: TokenRequest, hint: String?, note: ApprovalNote, for client: AuthenticatedClient, at now: Timestamp
    ) throws(OAuthError) -> RaiseApprovalCommand {
        let minting = try taskMinting(request, for: client, at: now)
        let subject = ApprovalSubject(minting, bundle: state.read { governance.bundle(in: $0) })
        let terms = try governance.approvals(for: subject, of: minting.view.agent, ruling: minting.ruling, at: now)
        guard let window = terms.map(\.window).min() else {
            throw OAuthError(.invalidRequest, "nobody need approve this request; ask the token endpoint for the token")
        }
        if let hint {
            let isKnown =
                hint.utf8.elementsEqual(subject.owner.text.utf8)
                || terms.contains { $0.groups.contains { $0.utf8.elementsEqual(hint.utf8) } }
            guard isKnown else {
                throw OAuthError(.unknownUserID, "login_hint is the agent's owner, or a group that policy asks")
            }
        }
        let isWithin = note.requestedExpiry.map { ApprovalLimits.shortestExpiry <= $0 && $0 <= window } ?? true
        guard isWithin else {
            throw OAuthError(
                .invalidRequest,
                "requested_expiry is \(ApprovalLimits.shortestExpiry) seconds at least, and within the policy's window")
        }
        var note = note
        note.isPoll = false
        switch try require(terms, for: subject, of: client, request: request, note: note, at: now) {
        case .asked(let command): return command
        case .none, .granted:
            throw OAuthError(.temporarilyUnavailable, "the request could not be put to people; ask again")
        }
    }
}
