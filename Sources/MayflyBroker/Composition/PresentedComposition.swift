/// What a request says that the agent is made of, and who says so.
package struct PresentedComposition: Equatable, Sendable {
    /// What the provider's token says by which the client proved itself.
    package enum Attested: Equatable, Sendable {
        /// Nobody was to say anything: the client has a key of its own, or its provider's tokens say nothing of it.
        case nobody
        /// The provider's tokens say it, and this one does not, or not in the right form.
        case missing
        case digest(CompositionDigest)
    }

    package var attested = Attested.nobody
    /// The request's parameter.
    package var stated: CompositionDigest?

    /// Why this does not do for what is registered; nil when it does.
    ///
    /// Whoever is attested is believed by that alone: a parameter must agree with it, and never takes its place.
    func fault(against registered: Composition) -> CompositionFault? {
        switch (attested, stated) {
        case (.missing, _): .unattested
        case (.nobody, nil): .missing
        case (.nobody, let stated?): stated == registered.digest ? nil : .changed
        case (.digest(let attested), nil): attested == registered.digest ? nil : .changed
        case (.digest(let attested), let stated?):
            attested == registered.digest && stated == registered.digest ? nil : .changed
        }
    }
}

/// Why a request does not get what the agent's own program would.
enum CompositionFault: CaseIterable, Sendable {
    /// It says nothing of what asks.
    case missing
    /// It is another program's, or what says so does not agree.
    case changed
    /// The provider's token had to say it.
    case unattested

    /// For the ledger.
    var rule: String {
        switch self {
        case .missing: "composition.missing"
        case .changed: "composition.changed"
        case .unattested: "composition.unattested"
        }
    }

    var refusal: OAuthError {
        switch self {
        case .missing:
            OAuthError(
                .invalidRequest, "the agent is registered with a composition: send its digest as composition",
                rule: rule)
        case .changed:
            OAuthError(
                .accessDenied, "the composition is not the registered one; a changed one needs its owner's approval",
                rule: rule)
        case .unattested:
            OAuthError(
                .accessDenied, "the assertion must state the agent's composition, and the parameter is not enough",
                rule: rule)
        }
    }
}

extension TokenIssuer {
    /// Refuses a client that is not the program that the agent was registered as.
    ///
    /// `MintCommand` need not look again: a registration whose composition changes takes a new epoch.
    func checkComposition(of agent: Agent, by client: AuthenticatedClient) throws(OAuthError) {
        guard let registered = agent.spec.composition else { return }
        if let fault = client.composition.fault(against: registered) { throw fault.refusal }
    }
}
