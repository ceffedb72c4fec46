import MayflyModel

/// Decides what writing a record comes to: whether it may be written, what it kills, and what is recorded.
///
/// A write that takes rights away takes a new epoch, so that no token out there keeps them.
struct RegistryWriter {
    let moment: Moment
    let actor: String
    /// The broker's own audience, which no resource may claim.
    let issuer: String

    func decide(
        _ write: RegistryWrite, _ precondition: Precondition, in state: Tables
    ) throws(BrokerError) -> Decided<RegistryChange> {
        switch write {
        case .owner(let spec): try owner(spec, precondition, in: state)
        case .provider(let spec): try provider(spec, precondition, in: state)
        case .role(let spec): try role(spec, precondition, in: state)
        case .resource(let spec): try resource(spec, precondition, in: state)
        case .agent(let spec): try agent(spec, precondition, in: state)
        }
    }

    private func owner(
        _ spec: OwnerSpec, _ precondition: Precondition, in state: Tables
    ) throws(BrokerError) -> Decided<RegistryChange> {
        let old = state.owners[spec.id]
        try precondition.check(old?.version)
        if let delegate = spec.delegate, state.owners[delegate] == nil {
            throw invalid("delegate", "the delegate is a registered owner")
        }
        var new =
            old
            ?? Owner(
                id: spec.id, name: "", email: "", state: .active, delegate: nil, groups: [], keys: [], epoch: 0,
                keyEpoch: 0, createdAt: moment.now, version: 0)
        guard new.state == .active else { throw .conflict("the owner has left; register a new one") }
        (new.name, new.email, new.delegate, new.groups) = (spec.name, spec.email, spec.delegate, spec.groups)
        let change = compare(old?.stored, new.stored, target: spec.id.text, version: new.version)
        guard change.step != .unchanged else { return Decided(change) }
        new.version += 1
        return written(change, new, .owner(new))
    }

    private func provider(
        _ spec: ProviderSpec, _ precondition: Precondition, in state: Tables
    ) throws(BrokerError) -> Decided<RegistryChange> {
        let old = state.providers[spec.id]
        try precondition.check(old?.version)
        guard spec.authority != .issuer(issuer) else {
            throw invalid("issuer", "not the broker's own issuer: its tokens are rights, and no identity")
        }
        guard state.providers.all(where: { $0.id != spec.id && $0.spec.authority == spec.authority }).isEmpty else {
            throw invalid(spec.isTrustDomain ? "trust_domain" : "issuer", "no other provider has the same")
        }
        guard (spec.people?.rules ?? []).allSatisfy({ $0.roles.allSatisfy { state.roles[$0] != nil } }) else {
            throw invalid("people", "each role is registered")
        }
        // One of the same name that was removed may have left tokens behind; they are not this one's.
        var new =
            old ?? Provider(id: spec.id, spec: spec, epoch: moment.epoch, createdAt: moment.now, version: 0)
        new.spec = spec
        let change = compare(old?.stored, new.stored, target: spec.id.text, version: new.version)
        guard change.step != .unchanged else { return Decided(change) }
        if let old, !spec.keepsAllTrust(in: old.spec) { new.epoch = moment.epoch }
        new.version += 1
        return written(change, new, .provider(new))
    }

    private func role(
        _ spec: RoleSpec, _ precondition: Precondition, in state: Tables
    ) throws(BrokerError) -> Decided<RegistryChange> {
        let old = state.roles[spec.id]
        try precondition.check(old?.version)
        try check(spec.details, in: state)
        var new = old ?? Role(id: spec.id, spec: spec, epoch: 0, createdAt: moment.now, version: 0)
        new.spec = spec
        let change = compare(old?.stored, new.stored, target: spec.id.text, version: new.version)
        guard change.step != .unchanged else { return Decided(change) }
        if let old, !spec.keepsAllRights(of: old.spec) { new.epoch = moment.epoch }
        new.version += 1
        return written(change, new, .role(new))
    }

    private func resource(
        _ spec: ResourceSpec, _ precondition: Precondition, in state: Tables
    ) throws(BrokerError) -> Decided<RegistryChange> {
        let old = state.resources[spec.name]
        try precondition.check(old?.version)
        if let old, old.spec.identifier != spec.identifier {
            throw .conflict("a resource's identifier cannot change: tokens carry it; register a new resource")
        }
        guard !spec.identifier.text.utf8.elementsEqual(issuer.utf8) else {
            throw invalid("identifier", "not the broker's own issuer URL")
        }
        if let other = state.resource(identifiedBy: spec.identifier), other.id != spec.name {
            throw invalid("identifier", "no other resource has the same identifier")
        }
        var new =
            old
            ?? Resource(
                id: spec.name, spec: spec, secretDigest: nil, keys: [],
                // A removed resource of the same name may have left tokens behind; they are not this one's.
                epoch: moment.epoch, createdAt: moment.now, version: 0)
        // Credentials of another method must not come back to life when the method is changed back.
        if let old, old.spec.authentication != spec.authentication { (new.secretDigest, new.keys) = (nil, []) }
        new.spec = spec
        let change = compare(old?.stored, new.stored, target: "resource:\(spec.name)", version: new.version)
        guard change.step != .unchanged else { return Decided(change) }
        if let old, !spec.keepsAllRights(of: old.spec) { new.epoch = moment.epoch }
        new.version += 1
        return written(change, new, .resource(new))
    }

    private func agent(
        _ spec: AgentSpec, _ precondition: Precondition, in state: Tables
    ) throws(BrokerError) -> Decided<RegistryChange> {
        let old = state.agents[spec.id]
        if old?.state == .offboarded {
            throw .conflict("the agent is offboarded and its name is never given again; choose a new name")
        }
        try precondition.check(old?.version)
        guard let owner = state.owners[spec.owner], owner.state == .active else {
            throw invalid("owner", "the owner is a registered owner who has not left")
        }
        guard spec.roles.allSatisfy({ state.roles[$0] != nil }) else {
            throw invalid("roles", "each role is registered")
        }
        guard (spec.resources + spec.deniedResources).allSatisfy({ state.resources[$0] != nil }) else {
            throw invalid("resources", "each resource is registered")
        }
        try check(spec.details, in: state)
        try check(spec.trust, of: spec.id, in: state)
        var new =
            old
            ?? Agent(
                spec: spec, state: .pending, keys: [], epoch: 0, createdAt: moment.now, lastUsed: nil, version: 0)
        new.spec = spec
        if let old { new.deferComposition(changedFrom: old, by: actor, at: moment.now) }
        // Nothing is left to enrol for one with a certificate, or that others vouch for.
        if new.state == .pending, spec.hasIdentityElsewhere { new.state = .active }
        // Without its certificate, and without a key, there is.
        if new.state == .active, old?.spec.certificate != nil, !new.hasIdentity { new.state = .pending }
        let change = compare(old?.stored, new.stored, target: spec.id.text, version: new.version)
        guard change.step != .unchanged else { return Decided(change) }
        if let old, !new.spec.keepsAllRights(of: old.spec) { new.epoch = moment.epoch }
        new.version += 1
        var decided = written(change, new, .agent(new))
        decided.events += new.compositionEvents(since: old, by: actor)
        return decided
    }

    /// Each provider must be registered, and no condition may be another agent's, which would make both worthless.
    private func check(_ trust: [TrustCondition], of agent: AgentID, in state: Tables) throws(BrokerError) {
        for (index, condition) in trust.enumerated() {
            let path = FieldPath.root.member("trust").element(index)
            guard let provider = state.providers[condition.provider] else {
                throw .invalid(
                    FieldError(path: path.member("provider"), problem: .invalid(rule: "the provider is registered")))
            }
            if provider.spec.isTrustDomain, case .exactly(let subject) = condition.subject, SPIFFEID(subject) == nil {
                throw .invalid(
                    FieldError(path: path.member("subject"), problem: .invalid(rule: "a SPIFFE ID, or a pattern")))
            }
            let others = state.trustIndex.holders(of: condition)
            guard !others.contains(where: { $0 != agent && state.agents[$0]?.spec.trust.contains(condition) ?? false })
            else {
                throw .invalid(FieldError(path: path, problem: .invalid(rule: "no other agent has the same condition")))
            }
        }
    }

    /// Every detail must be one that its resource understands, with every member stated.
    private func check(_ details: [RegisteredDetail], in state: Tables) throws(BrokerError) {
        for (index, detail) in details.enumerated() {
            let path = FieldPath.root.member("authorization_details").element(index)
            guard let resource = state.resources[detail.resource] else {
                throw .invalid(
                    FieldError(path: path.member("resource"), problem: .invalid(rule: "the resource is registered")))
            }
            do {
                _ = try detail.parsed(for: resource)
            } catch {
                throw .invalid(
                    FieldError(
                        path: path,
                        problem: .invalid(rule: "one of the resource's types, with every member stated in its shape")))
            }
        }
    }

    private func invalid(_ member: String, _ rule: String) -> BrokerError {
        .invalid(FieldError(path: FieldPath.root.member(member), problem: .invalid(rule: rule)))
    }

    private func compare(
        _ old: JSONObject?, _ new: JSONObject, target: String, version: Int64
    ) -> RegistryChange {
        guard let old else {
            return RegistryChange(step: .create, target: target, members: [], record: new, version: version)
        }
        let names = new.names + old.names.filter { new[$0] == nil }
        let members = names.filter { old[$0] != new[$0] }
        return RegistryChange(
            step: members.isEmpty ? .unchanged : .update, target: target, members: members, record: new,
            version: version)
    }

    private func written<R: Record>(
        _ change: RegistryChange, _ record: R, _ recordChange: Change
    ) -> Decided<RegistryChange> {
        let answer = RegistryChange(
            step: change.step, target: change.target, members: change.members, record: record.stored,
            version: change.version + 1)
        return Decided(
            answer, changes: [recordChange],
            events: [.change(record, change.step.rawValue, actor: actor, reason: nil)])
    }
}

extension RoleSpec {
    /// Whether going from `old` to this takes nothing away.
    func keepsAllRights(of old: RoleSpec) -> Bool {
        old.scopes.isSubset(of: scopes) && old.details.allSatisfy(details.contains)
            && keepsTokenLife(of: old)
            && (maximumDepth ?? RegistryLimits.defaultDepth) >= (old.maximumDepth ?? RegistryLimits.defaultDepth)
    }

    /// A limit that is gone leaves the broker's default, which may be shorter than the limit was.
    private func keepsTokenLife(of old: RoleSpec) -> Bool {
        switch (old.maximumTokenLife, maximumTokenLife) {
        case (nil, nil): true
        case (let before?, let after?): after >= before
        case (nil, .some), (.some, nil): false
        }
    }
}
