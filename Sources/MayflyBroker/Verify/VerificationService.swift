package import MayflyModel
package import MayflyPolicy

/// Answers for tokens to those who may ask: introspection, action decisions, forward-auth.
package final class VerificationService: Sendable {
    let state: BrokerState
    let clock: BrokerClock
    let writer: Writer
    let verifier: TokenVerifier
    let metrics: BrokerMetrics
    let behaviour: BehaviourBook
    let governance: any Governance
    let proofs: DPoPVerifier

    init(
        state: BrokerState, clock: BrokerClock, writer: Writer, verifier: TokenVerifier, metrics: BrokerMetrics,
        behaviour: BehaviourBook, governance: any Governance, proofs: DPoPVerifier
    ) {
        self.state = state
        self.clock = clock
        self.writer = writer
        self.verifier = verifier
        self.metrics = metrics
        self.behaviour = behaviour
        self.governance = governance
        self.proofs = proofs
    }

    /// A token that is alive and meant for whoever asks.
    ///
    /// One reference, as it goes through many hands: a copy of what it holds would count up two dozen others.
    package final class ActiveToken: Sendable {
        let token: KnownToken
        package let resource: Resource
        package var claims: TokenClaims { token.claims }

        init(token: KnownToken, resource: Resource) {
            self.token = token
            self.resource = resource
        }
    }

    /// Who may ask about which tokens.
    package enum Asker: Equatable, Sendable {
        /// A resource asks about tokens for itself only.
        case resource(ResourceName)
        /// An administrator may ask about all.
        case admin(AdminID)

        var text: String {
            switch self {
            case .resource(let id): id.text
            case .admin(let id): id.text
            }
        }
    }

    /// The token, if it is alive and the asker may know of it (RFC 7662 §2.2); nil for every other case alike.
    package func introspect(_ compact: ArraySlice<UInt8>, for asker: Asker) -> KnownToken? {
        look(at: compact, for: asker, from: .introspection)
    }

    private func look(
        at compact: ArraySlice<UInt8>, for asker: Asker, from surface: VerificationSurface
    ) -> KnownToken? {
        let token = find(compact, for: asker, from: surface)
        metrics.verified(token != nil, at: surface)
        return token
    }

    func find(
        _ compact: ArraySlice<UInt8>, for asker: Asker, from surface: VerificationSurface
    ) -> KnownToken? {
        // A decision says by itself that it is not the hour; to introspection such a token is like any dead one.
        let isDecision = surface != .introspection
        guard let token = verifier.verify(compact, as: .accessToken, atAnyHour: isDecision), let url = token.resource
        else { return nil }
        if case .resource(let name) = asker {
            guard state.read({ $0.resources[name]?.spec.identifier == url }) else { return nil }
        }
        return token
    }

    /// The same with its resource, for a decision.
    private func active(
        _ compact: ArraySlice<UInt8>, for asker: Asker, from surface: VerificationSurface
    ) -> ActiveToken? {
        guard let token = look(at: compact, for: asker, from: surface), let url = token.resource,
            let resource = state.read({ $0.resource(identifiedBy: url) })
        else { return nil }
        return ActiveToken(token: token, resource: resource)
    }

    /// Decides one action with one token, and answers when the decision is in the ledger.
    ///
    /// What policy wants approved is put to people, and used up once they have agreed; with `asksPeople` false nobody
    /// is asked anew.
    package func decide(
        _ question: ActionQuestion, token compact: ArraySlice<UInt8>, possession: Possession = .notShown,
        certificate: PresentedCertificate? = nil, for asker: Asker, asksPeople: Bool = true,
        _ completion: @escaping @Sendable (Result<Ruling, BrokerError>) -> Void
    ) {
        // Before anything that it stands for, so that a change in between is seen in the writer's order.
        let number = state.read { $0.policy.id }
        let active = active(compact, for: asker, from: .evaluation)
        let held = holding(of: active, compact, possession, certificate)
        let granted = held.refusal ?? active.map { ActionPolicy.decide(question, about: $0.subject) } ?? .inactive
        let isReadOnly = active?.declaresReadOnly(question.action) ?? false
        let (limited, amounts) = limited(granted, active, isReadOnly: isReadOnly, properties: question.properties)
        let scope = active?.neededScope(question.action)
        // Most questions are answered without it.
        func scopes() -> ScopeSet { ScopeSet([scope].compactMap { $0 }) }
        let governed = govern(limited, active, question, scopes: scopes(), isReadOnly: isReadOnly)
        let decision = governed.decision
        var reservation: String?
        var consent: Consent?
        do {
            if decision.isAllowed, active?.claims.limits.spends ?? false { reservation = try TokenID.random() }
            if let agent = governed.needsConsentFor, let active, let ruling = governed.ruling {
                consent = try self.consent(
                    to: question, ruling, of: agent, with: active, scopes: scopes(), asker: asker,
                    asksPeople: asksPeople)
            }
        } catch {
            return completion(.failure(.oauth(error)))
        }
        record(
            decision, decision.isAllowed ? amounts : .nothing, governed.ruling, number, reservation: reservation,
            consent: consent, scope: scope, action: question.action, active: active, proof: held.mark, asker: asker,
            completion)
    }

    /// What the token's limits make of a decision that its grant allows, and what the action takes of its budgets.
    private func limited(
        _ decision: ActionDecision, _ active: ActiveToken?, isReadOnly: @autoclosure () -> Bool,
        properties: JSONObject
    ) -> (decision: ActionDecision, amounts: Amounts) {
        guard decision.isAllowed, let limits = active?.claims.limits, !limits.isNone else {
            return (decision, .nothing)
        }
        switch LimitPolicy.judge(limits, isReadOnly: isReadOnly(), properties: properties, at: clock.now()) {
        case .within(let amounts): return (decision, amounts)
        case .denied(let denial): return (.deny(denial), .nothing)
        }
    }

    /// Decides one HTTP request by the resource's routes; `scope` is what the proxy itself demands.
    package func decideRoute(
        method: String, segments: [String], scope: Scope?, token compact: ArraySlice<UInt8>,
        possession: Possession = .notShown, certificate: PresentedCertificate? = nil, for asker: ResourceName,
        _ completion: @escaping @Sendable (Result<(ActionDecision, ActiveToken?), BrokerError>) -> Void
    ) {
        let number = state.read { $0.policy.id }
        let asking = Asker.resource(asker)
        let active = active(compact, for: asking, from: .verify)
        let held = holding(of: active, compact, possession, certificate)
        let granted =
            held.refusal
            ?? active.map { Self.route(method: method, segments: segments, scope: scope, active: $0) } ?? .inactive
        // A proxy states nothing of a request but its method: it counts as one call, and nothing comes back of it.
        let isReadOnly = Self.readOnlyMethods.contains(method)
        let (limited, amounts) = limited(granted, active, isReadOnly: isReadOnly, properties: [:])
        let question = ActionQuestion(action: "http.\(method.lowercased())")
        let routed = active.flatMap { Self.rule(method, segments, $0)?.scope }
        // The request takes both, so policy judges both.
        let governed = govern(
            limited, active, question, scopes: ScopeSet([routed, scope].compactMap { $0 }), isReadOnly: isReadOnly)
        // A proxy knows method and path alone, which is not enough to put before people.
        let decision = governed.needsConsentFor == nil ? governed.decision : .deny(.policy(.requireApproval))
        record(
            decision, decision.isAllowed ? amounts : .nothing, governed.ruling, number, reservation: nil,
            scope: routed ?? scope,
            action: question.action,
            active: active, proof: held.mark, asker: asking
        ) { result in
            completion(result.map { ($0.decision, active) })
        }
    }

    /// The methods that change nothing (RFC 9110 §9.2.1).
    private static let readOnlyMethods: Set<String> = ["GET", "HEAD", "OPTIONS"]

    private static func route(
        method: String, segments: [String], scope: Scope?, active: ActiveToken
    ) -> ActionDecision {
        let rule = rule(method, segments, active)
        guard rule != nil || scope != nil else { return .deny(.noRoute) }
        for needed in [rule?.scope, scope].compactMap({ $0 }) where !active.claims.scopes.contains(needed) {
            return .deny(.scopeMissing(needed))
        }
        return .allow(rule: "resource.route", notAfter: active.claims.expiresAt)
    }

    /// The longest path that matches: it says more about a request than a shorter one.
    private static func rule(_ method: String, _ segments: [String], _ active: ActiveToken) -> RouteRule? {
        active.resource.spec.routes.filter { $0.matches(method: method, segments: segments) }
            .max { $0.path.count < $1.path.count }
    }

    private func record(
        _ decision: ActionDecision, _ amounts: Amounts, _ policy: PolicyRuling?, _ number: Int64,
        reservation: String?, consent: Consent? = nil, scope: Scope?, action: String, active: ActiveToken?,
        proof: UsedMark?, asker: Asker, _ completion: @escaping @Sendable (Result<Ruling, BrokerError>) -> Void
    ) {
        var event = LedgerEvent(.actionDecided, decision.isAllowed ? .allowed : .denied, actor: asker.text)
        event.decision = decision.isAllowed ? "allow" : "deny"
        event.rule = decision.rule
        if let active {
            event.action = LedgerEvent.printable(action)
            event.scope = scope?.text
            event.resource = active.claims.audience
            event.subject = active.claims.subject
            event.agent = active.claims.chain.last?.agent
            event.owner = event.agent.flatMap { id in state.read { $0.agents[id]?.spec.owner } }
            event.task = active.claims.task
            event.trace = active.claims.trace
            event.token = active.claims.tokenID
            event.chain = active.claims.chain
        } else if case .resource(let name) = asker {
            event.resource = state.read { $0.resources[name]?.spec.identifier.text }
        }
        if let policy {
            // What a limit or a race refused is not what policy decided.
            if policy.decision.outcome == .requireApproval, decision.isAllowed, consent == nil {
                event.approval = active?.claims.approval
            }
            if decision.isAllowed || !policy.allows { event.govern(by: policy) } else { event.policy = policy }
        }
        var supervision: Supervision?
        if decision.isAllowed, let active, policy?.decision.window != nil {
            do {
                supervision = Supervision.opened(
                    try TokenID.random(), by: policy, for: active.claims, asker: asker.text, scope: scope?.text,
                    action: LedgerEvent.printable(action), at: clock.now())
            } catch {
                return completion(.failure(.oauth(error)))
            }
        }
        let command = DecisionCommand(
            decision: decision, active: active, proof: proof, amounts: amounts, reservation: reservation,
            consent: consent, asker: asker.text, policy: policy, policyNumber: number, supervision: supervision,
            event: event)
        writer.submit(command) { [metrics] result in
            metrics.decided(try? result.get())
            completion(result)
        }
    }
}

extension VerificationService.ActiveToken {
    /// The scope that an action takes: the declared one, or its own name where that is a scope.
    func neededScope(_ action: String) -> Scope? {
        if let declared = resource.spec.actions.first(where: { $0.name.utf8.elementsEqual(action.utf8) }) {
            return declared.scope
        }
        return Scope(action).flatMap { resource.spec.scopes.contains($0) ? $0 : nil }
    }

    /// Whether the resource declares an action of this name that changes nothing.
    func declaresReadOnly(_ action: String) -> Bool {
        resource.spec.actions.first { $0.name.utf8.elementsEqual(action.utf8) }?.readOnly ?? false
    }

    var subject: ActionPolicy.Subject {
        ActionPolicy.Subject(
            scopes: claims.scopes, details: claims.details, resourceScopes: resource.spec.scopes,
            schemas: resource.spec.types,
            actions: resource.spec.actions.map {
                ActionPolicy.Action(name: $0.name, scope: $0.scope, readOnly: $0.readOnly)
            },
            expiresAt: claims.expiresAt)
    }
}
