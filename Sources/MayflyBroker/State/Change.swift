package import MayflyCrypto
package import MayflyModel

/// One change to the broker's records, as a command decides it and the writer makes it durable.
package enum Change: Sendable {
    case setting(Setting)
    /// Time has come so far; see `Setting.Name.lastTime`.
    case lastTime(Timestamp)
    case admin(Admin)
    case owner(Owner)
    case role(Role)
    case removeRole(RoleID)
    case resource(Resource)
    case removeResource(ResourceName)
    case agent(Agent)
    /// An agent whose last use, or what was said about its review and end, alone has moved.
    case touched(Agent)
    case code(EnrolmentCode)
    case removeCode(SHA256Digest)
    case signingKey(SigningKeyRecord)
    case used(UsedMark)
    case revocation(Revocation)
    case archive(LedgerArchive)
    case policy(PolicyVersion)
    case removePolicy(Int64)
    case budget(Budget)
    case reservation(Reservation)
    case removeReservation(String)
    case approval(ApprovalRequest)
    case supervision(Supervision)
    case notice(Notice)
    case removeNotice(Int64)
    /// What is usual for an agent; the tables only pass it on to the store.
    case behaviour(BehaviourRecord)
    case removeBehaviour(AgentID)
    case quota(QuotaUse)
    case provider(Provider)
    case removeProvider(ProviderID)
    case person(Person)

    /// Whether the change belongs to the total order of registry and revocations.
    var countsAsRevision: Bool {
        switch self {
        case .used, .code, .removeCode, .touched, .lastTime, .archive, .budget, .reservation, .removeReservation,
            .approval, .supervision, .notice, .removeNotice, .behaviour, .removeBehaviour, .quota:
            false
        case .setting, .admin, .owner, .role, .removeRole, .resource, .removeResource, .agent, .signingKey,
            .revocation, .policy, .removePolicy, .provider, .removeProvider, .person:
            true
        }
    }
}

extension Change {
    /// The change that removed the record with this key; throws for a kind of which none is ever removed.
    init(removing key: RecordKey) throws(FieldError) {
        let failure = FieldError(path: .root, problem: .invalid(rule: "no record of this kind and name is removed"))
        let text = String(validating: key.key, as: UTF8.self)
        func found<ID>(_ id: ID?) throws(FieldError) -> ID {
            guard let id else { throw failure }
            return id
        }
        switch key.kind {
        case .role: self = .removeRole(try found(text.flatMap { RoleID($0) }))
        case .resource: self = .removeResource(try found(text.flatMap { ResourceName($0) }))
        case .provider: self = .removeProvider(try found(text.flatMap { ProviderID($0) }))
        case .enrolmentCode: self = .removeCode(try found(SHA256Digest(bytes: key.key)))
        case .policy: self = .removePolicy(try found(text.flatMap { Int64($0) }))
        case .reservation: self = .removeReservation(try found(text))
        case .notice: self = .removeNotice(try found(text.flatMap { Int64($0) }))
        case .behaviour: self = .removeBehaviour(try found(text.flatMap { AgentID($0) }))
        case .setting, .admin, .owner, .agent, .signingKey, .revocation, .archive, .budget, .approval, .supervision,
            .quota, .person:
            throw failure
        }
    }
}
