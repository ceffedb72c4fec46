package import MayflyModel

/// What a provider's token would be taken for, condition by condition; nothing is used up by asking.
package struct TrustReport: Sendable {
    /// One thing that an agent's condition demands.
    package struct Item: Equatable, Sendable {
        /// `audience`, `subject`, or the name of a claim.
        package let name: String
        package let expected: JSONValue
        package let found: JSONValue?
        package let holds: Bool
    }

    package struct Candidate: Sendable {
        package let agent: AgentID
        /// Which of the agent's conditions, from 0.
        package let index: Int
        package let items: [Item]

        package var holds: Bool { items.allSatisfy(\.holds) }
    }

    /// Conditions that one report holds at most.
    package static let maximumCandidates = 200

    /// The provider that the token names, if one is registered.
    package var provider: ProviderID?
    package var keys: ProviderKeys.Status?
    /// The agent that it would be; nil when it would be refused.
    package var agent: AgentID?
    package var fault: TrustFault?
    /// The person whom it is about, and the roles that they get; nil when nobody may act on it.
    package var actedFor: ActedFor?
    /// Of all agents that trust the provider; empty when the token itself is refused.
    package var candidates: [Candidate] = []
    /// Whether there were more.
    package var isCut = false
}

extension TrustVerifier {
    /// Explains what a token would be taken for at `now`.
    package func explain(_ compact: [UInt8], form: AssertionForm?, clientID: String?, at now: Timestamp) -> Vouched<
        TrustReport
    > {
        var report = TrustReport()
        do throws(TrustFault) {
            let token = try UnverifiedToken(compact)
            // Without a word on it, a SPIFFE ID says what it is.
            let form = form ?? (token.isOfWorkload ? .spiffe : .bearer)
            report.provider = provider(of: token, form)
            let provider = report.provider.flatMap { id in state.read { $0.providers[id] } }
            report.keys = provider.map { keys.status(of: $0) }
            if provider?.spec.people != nil, case .found(let person)? = try? person(compact, at: now) {
                report.actedFor = person.actedFor
            }
            switch try verify(token, form: form, at: now) {
            case .needsKeys(let provider): return .needsKeys(of: provider)
            case .found(let token):
                (report.candidates, report.isCut) = candidates(for: token)
                report.agent = try agent(for: token, clientID: clientID, at: now)
            }
        } catch {
            report.fault = error
        }
        return .found(report)
    }

    private func candidates(for token: WorkloadToken) -> ([TrustReport.Candidate], Bool) {
        let issuer = live.current.issuer
        let agents = state.read { tables in
            tables.trustIndex.agents(trusting: token.provider).sorted().compactMap { tables.agents[$0] }
        }
        var found: [TrustReport.Candidate] = []
        for agent in agents {
            for (index, condition) in agent.spec.trust.enumerated() where condition.provider == token.provider {
                guard found.count < TrustReport.maximumCandidates else { return (found, true) }
                found.append(
                    TrustReport.Candidate(
                        agent: agent.id, index: index, items: condition.items(for: token, issuer: issuer)))
            }
        }
        return (found, false)
    }
}

extension TrustCondition {
    /// Each part of the condition by itself; all of them hold exactly when `holds(for:issuer:)` does.
    func items(for token: WorkloadToken, issuer: String) -> [TrustReport.Item] {
        let audience = audience ?? issuer
        let first = [
            TrustReport.Item(
                name: "audience", expected: .string(audience), found: token.audience.map { .string($0) },
                holds: token.audience.map { $0.utf8.elementsEqual(audience.utf8) } ?? true),
            TrustReport.Item(
                name: "subject", expected: subject.json, found: .string(token.subject),
                holds: subject.holds(for: token.subject)),
        ]
        return first
            + claims.map { condition in
                TrustReport.Item(
                    name: condition.name, expected: condition.expected.json,
                    found: ClaimCondition.value(condition.name, in: token.claims),
                    holds: condition.holds(in: token.claims))
            }
    }
}
