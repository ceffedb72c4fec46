import MayflyModel

extension TokenIssuer {
    static func scopes(_ text: String?) throws(OAuthError) -> ScopeSet? {
        guard let text else { return nil }
        do {
            return try ScopeSet.parse(text)
        } catch {
            throw OAuthError(.invalidScope, "scope is not a list of scopes separated by single spaces")
        }
    }

    /// To whom a token may be taken further: what the registry says, or fewer.
    static func delegates(_ text: String?, of agent: Agent) throws(OAuthError) -> [Delegate] {
        guard let text else { return agent.spec.delegates }
        var delegates: [Delegate] = []
        for part in text.split(separator: " ") where part != "none" {
            guard let delegate = Delegate(String(part)), agent.spec.delegates.contains(delegate) else {
                throw OAuthError(.invalidRequest, "delegates names one to whom the agent may not delegate")
            }
            if !delegates.contains(delegate) { delegates.append(delegate) }
        }
        return delegates
    }

    /// The agent with the resource that the request means.
    func activeView(
        of id: AgentID, request: TokenRequest, scopes: ScopeSet?, at now: Timestamp
    ) throws(OAuthError) -> AgentView {
        try state.read { (tables) throws(OAuthError) -> AgentView in
            guard let agent = tables.agents[id], tables.standing(of: agent, at: now) == .active else {
                throw ClientAuthenticator.refusal
            }
            return tables.view(
                of: agent, at: try tables.resource(for: request, scopes: scopes, agent: agent))
        }
    }

    /// A token that is presented for delegation, fully verified and alive.
    func parentToken(
        _ compact: [UInt8], kind: TokenKind, parameter: String = "subject_token", at now: Timestamp
    ) throws(OAuthError) -> TokenClaims {
        guard let claims = verifier.verify(compact, as: kind)?.claims, !claims.chain.isEmpty else {
            // RFC 8693 §2.2.2 asks for this code, whatever is wrong with the token.
            throw OAuthError(.invalidRequest, "the \(parameter) is not valid")
        }
        return claims
    }

    /// The holder of a parent token, and the child, both at the parent's resource.
    func pair(
        holder: AgentID, child: AgentID, parent: TokenClaims, request: TokenRequest, at now: Timestamp
    ) throws(OAuthError) -> (holder: AgentView, child: AgentView) {
        let audience = parent.grantedResource ?? parent.audience
        return try state.read { (tables) throws(OAuthError) -> (holder: AgentView, child: AgentView) in
            guard let url = ResourceURL(audience), let resource = tables.resource(identifiedBy: url) else {
                throw OAuthError(.invalidTarget, "the parent token's resource is no longer registered")
            }
            for target in request.targets
            where !target.utf8.elementsEqual(url.text.utf8) && ResourceName(target) != resource.id {
                throw OAuthError(.invalidTarget, "a delegated token is for the parent's resource")
            }
            guard let holder = tables.agents[holder], let child = tables.agents[child],
                tables.standing(of: child, at: now) == .active
            else {
                throw OAuthError(.invalidTarget, "the delegate is not an active agent")
            }
            return (tables.view(of: holder, at: resource), tables.view(of: child, at: resource))
        }
    }

    /// Refuses a hop that is deeper than any agent of the chain, or the person it acts for, allows.
    func checkDepth(_ parent: TokenClaims, adding child: AgentView) throws(OAuthError) {
        let chain = parent.chain
        let limit = state.read { tables in
            let agents = chain.compactMap { tables.agents[$0.agent] }.map { tables.roles(of: $0) }
            let person = parent.actedFor.map { [$0.roles.compactMap { tables.roles[$0] }] } ?? []
            return (agents + person).map { Ceiling.depth(roles: $0) }.min() ?? 0
        }
        guard Int64(chain.count) <= min(limit, Ceiling.depth(roles: child.roles)) else {
            throw OAuthError(.invalidRequest, "the chain is as deep as its agents' roles allow")
        }
    }

    /// The parent's grant ∧ the child's ceiling.
    func bound(of parent: TokenClaims, at child: AgentView) throws(OAuthError) -> Grant {
        guard let ceiling = child.ceiling else {
            throw OAuthError(.invalidTarget, "the resource is not one that the delegate may use")
        }
        let details: DetailSet
        do {
            details = try DetailSet.parse(parent.details, schemas: child.resource.spec.types)
        } catch {
            // The resource's types have changed since the parent was minted.
            throw OAuthError(.invalidRequest, "the subject_token grants what its resource no longer understands")
        }
        let grant = Grant(
            resource: child.resource.spec.identifier, scopes: parent.scopes, details: details, limits: parent.limits)
        guard let bound = grant.meet(ceiling) else {
            throw OAuthError(.invalidTarget, "the parent's and the delegate's rights have nothing in common")
        }
        return bound
    }

    /// What is asked for, within `bound`.
    func narrow(
        _ request: TokenRequest, scopes: ScopeSet?, within bound: Grant, at resource: Resource
    ) throws(OAuthError) -> Grant {
        do {
            return try Grant.attenuate(
                GrantRequest(resource: resource.spec.identifier, scopes: scopes, details: request.details),
                within: bound, schemas: resource.spec.types, registeredScopes: resource.spec.scopes)
        } catch {
            throw OAuthError(narrowing: error)
        }
    }
}

extension OAuthError {
    /// The wire code of a narrowing that failed; the description names what was too wide, never its value.
    init(narrowing error: NarrowingError) {
        if error == .widened {
            self.init(.temporarilyUnavailable, "the grant failed its own check and nothing was issued; report this")
            return
        }
        switch error.parameter {
        case "resource": self.init(.invalidTarget, error.description)
        case "authorization_details": self.init(.invalidAuthorizationDetails, error.description)
        default: self.init(.invalidScope, error.description)
        }
    }
}
