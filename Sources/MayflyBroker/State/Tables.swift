import MayflyCrypto
package import MayflyModel

/// All that the broker knows, in memory: the registry, what was used, what was revoked, and its signing keys.
package struct Tables: Sendable {
    package private(set) var settings = Table<Setting>()
    package private(set) var admins = Table<Admin>()
    package private(set) var owners = Table<Owner>()
    package private(set) var roles = Table<Role>()
    package private(set) var resources = Table<Resource>()
    package private(set) var agents = Table<Agent>()
    package private(set) var codes = Table<EnrolmentCode>()
    package private(set) var signingKeys = Table<SigningKeyRecord>()
    package private(set) var used = MarkTable()
    package private(set) var revocations = Table<Revocation>()
    package private(set) var archives = Table<LedgerArchive>()
    package private(set) var policies = Table<PolicyVersion>()
    package private(set) var budgets = Table<Budget>()
    package private(set) var reservations = Table<Reservation>()
    package private(set) var approvals = Table<ApprovalRequest>()
    package private(set) var supervisions = Table<Supervision>()
    package private(set) var notices = Table<Notice>()
    /// On their way from the store to `BehaviourBook`, or back; nobody reads them here.
    private var behaviours = Table<BehaviourRecord>()
    package private(set) var quotaUses = Table<QuotaUse>()
    package private(set) var providers = Table<Provider>()
    package private(set) var people = Table<Person>()
    /// Counts changes to registry and revocations; the next change's epoch.
    package internal(set) var revision: UInt64 = 0

    package init() {}

    /// The latest moment that was written down apart from the ledger.
    var lastTime: Timestamp { Timestamp(milliseconds: settings[.lastTime]?.value ?? 0) }

    /// The broker's own epoch: the kill switch.
    package var epoch: Int64 { settings[.epoch]?.value ?? 0 }

    /// The second up to which tokens that were made from others are dead; see `Setting.Name.delegationFloor`.
    var delegationFloor: Int64 { settings[.delegationFloor]?.value ?? 0 }

    /// Names of resources by audience; an identifier never changes, so a name is added once.
    private var audiences: [ResourceURL: ResourceName] = [:]

    /// The resource with the audience `url`.
    package func resource(identifiedBy url: ResourceURL) -> Resource? {
        audiences[url].flatMap { resources[$0] }
    }

    /// Requests for approval by what they ask for.
    private(set) var approvalIndex = ApprovalIndex()
    /// How much is under supervision.
    private(set) var supervisionIndex = SupervisionIndex()
    /// Who is owed which notices.
    private(set) var noticeIndex = NoticeIndex()

    /// Which agents a provider's tokens may mean.
    private(set) var trustIndex = TrustIndex()

    /// The ids of the published owners in order, for listings; none is ever removed.
    private(set) var ownerOrder = SortedIDs<OwnerID>()
    /// The ids of the published agents in order.
    private(set) var agentOrder = SortedIDs<AgentID>()

    /// No role's epoch is larger.
    private(set) var roleEpochBound: Int64 = 0
    /// No provider's epoch is larger.
    private(set) var providerEpochBound: Int64 = 0

    /// Puts one stored record straight into its table.
    mutating func load(_ record: LoadedRecord) {
        switch record {
        case .setting(let record): settings.load(record)
        case .admin(let record): admins.load(record)
        case .owner(let record):
            ownerOrder.insert(record.id)
            owners.load(record)
        case .role(let record):
            roleEpochBound = max(roleEpochBound, record.epoch)
            roles.load(record)
        case .resource(let record):
            audiences[record.spec.identifier] = record.id
            resources.load(record)
        case .agent(let record):
            agentOrder.insert(record.id)
            trustIndex.replace(agents[record.id], with: record)
            agents.load(record)
        case .code(let record): codes.load(record)
        case .signingKey(let record): signingKeys.load(record)
        case .revocation(let record): revocations.load(record)
        case .archive(let record): archives.load(record)
        case .policy(let record): policies.load(record)
        case .budget(let record): budgets.load(record)
        case .reservation(let record): reservations.load(record)
        case .approval(let record):
            approvalIndex.replace(nil, with: record)
            approvals.load(record)
        case .supervision(let record):
            supervisionIndex.replace(nil, with: record)
            supervisions.load(record)
        case .notice(let record):
            noticeIndex.replace(nil, with: record)
            notices.load(record)
        case .behaviour(let record): behaviours.load(record)
        case .quota(let record): quotaUses.load(record)
        case .provider(let record):
            providerEpochBound = max(providerEpochBound, record.epoch)
            providers.load(record)
        case .person(let record): people.load(record)
        }
    }

    /// Takes out what the store knew of how agents behave.
    mutating func takeBehaviours() -> [BehaviourRecord] {
        defer { behaviours = Table() }
        return behaviours.all
    }

    /// Takes up one stored mark.
    mutating func load(_ mark: UsedMark) {
        used.load(mark)
    }

    mutating func apply(_ change: Change) {
        switch change {
        case .setting(let record): settings.put(record)
        case .lastTime(let time): settings.put(Setting(id: .lastTime, value: time.milliseconds))
        case .admin(let record): admins.put(record)
        case .owner(let record): owners.put(record)
        case .role(let record):
            roleEpochBound = max(roleEpochBound, record.epoch)
            roles.put(record)
        case .removeRole(let id): roles.remove(id)
        case .resource(let record):
            audiences[record.spec.identifier] = record.id
            resources.put(record)
        case .removeResource(let id):
            if let identifier = resources[id]?.spec.identifier { audiences[identifier] = nil }
            resources.remove(id)
        case .agent(let record):
            trustIndex.replace(agents[record.id], with: record)
            agents.put(record)
        case .touched(let record): agents.put(record)
        case .code(let record): codes.put(record)
        case .removeCode(let id): codes.remove(id)
        case .signingKey(let record): signingKeys.put(record)
        case .used(let record): used.put(record)
        case .revocation(let record): revocations.put(record)
        case .archive(let record): archives.put(record)
        case .policy(let record): policies.put(record)
        case .removePolicy(let id): policies.remove(id)
        case .budget(let record): budgets.put(record)
        case .reservation(let record): reservations.put(record)
        case .removeReservation(let id): reservations.remove(id)
        case .approval(let record):
            approvalIndex.replace(approvals[record.id], with: record)
            approvals.put(record)
        case .supervision(let record):
            supervisionIndex.replace(supervisions[record.id], with: record)
            supervisions.put(record)
        case .notice(let record):
            noticeIndex.replace(notices[record.id], with: record)
            notices.put(record)
        case .removeNotice(let id):
            noticeIndex.replace(notices[id], with: nil)
            notices.remove(id)
        case .behaviour(let record): behaviours.put(record)
        case .removeBehaviour(let id): behaviours.remove(id)
        case .quota(let record): quotaUses.put(record)
        case .provider(let record):
            providerEpochBound = max(providerEpochBound, record.epoch)
            providers.put(record)
        case .removeProvider(let id): providers.remove(id)
        case .person(let record): people.put(record)
        }
        if change.countsAsRevision { revision += 1 }
    }

    /// Adds all drafted changes to `batch`.
    func collect(into batch: inout Batch) {
        settings.collect(into: &batch)
        admins.collect(into: &batch)
        owners.collect(into: &batch)
        roles.collect(into: &batch)
        resources.collect(into: &batch)
        agents.collect(into: &batch)
        codes.collect(into: &batch)
        signingKeys.collect(into: &batch)
        batch.marks = used.changes.values.compactMap { $0 }
        revocations.collect(into: &batch)
        archives.collect(into: &batch)
        policies.collect(into: &batch)
        budgets.collect(into: &batch)
        reservations.collect(into: &batch)
        approvals.collect(into: &batch)
        supervisions.collect(into: &batch)
        notices.collect(into: &batch)
        behaviours.collect(into: &batch)
        quotaUses.collect(into: &batch)
        providers.collect(into: &batch)
        people.collect(into: &batch)
    }

    /// The drafted changes alone, so that the draft's hold on the shared rows can end before they are published.
    var drafted: DraftedChanges {
        DraftedChanges(
            settings: settings.changes, admins: admins.changes, owners: owners.changes, roles: roles.changes,
            resources: resources.changes, agents: agents.changes, codes: codes.changes,
            signingKeys: signingKeys.changes, used: used.changes, revocations: revocations.changes,
            archives: archives.changes, policies: policies.changes, budgets: budgets.changes,
            reservations: reservations.changes, approvals: approvals.changes, supervisions: supervisions.changes,
            notices: notices.changes, quotaUses: quotaUses.changes, providers: providers.changes,
            people: people.changes,
            audiences: audiences, roleEpochBound: roleEpochBound, providerEpochBound: providerEpochBound,
            revision: revision)
    }

    /// Publishes changes that are durable now.
    mutating func absorb(_ draft: DraftedChanges) {
        for id in draft.owners.keys where owners[id] == nil { ownerOrder.insert(id) }
        for id in draft.agents.keys where agents[id] == nil { agentOrder.insert(id) }
        for (id, change) in draft.agents { trustIndex.replace(agents[id], with: change) }
        settings.absorb(draft.settings)
        admins.absorb(draft.admins)
        owners.absorb(draft.owners)
        roles.absorb(draft.roles)
        resources.absorb(draft.resources)
        agents.absorb(draft.agents)
        codes.absorb(draft.codes)
        signingKeys.absorb(draft.signingKeys)
        used.absorb(draft.used)
        revocations.absorb(draft.revocations)
        archives.absorb(draft.archives)
        policies.absorb(draft.policies)
        budgets.absorb(draft.budgets)
        reservations.absorb(draft.reservations)
        // Not the draft's index: what was forgotten while the draft was on its way must not come back.
        for (id, change) in draft.approvals { approvalIndex.replace(approvals[id], with: change) }
        approvals.absorb(draft.approvals)
        for (id, change) in draft.supervisions { supervisionIndex.replace(supervisions[id], with: change) }
        supervisions.absorb(draft.supervisions)
        for (id, change) in draft.notices { noticeIndex.replace(notices[id], with: change) }
        notices.absorb(draft.notices)
        quotaUses.absorb(draft.quotaUses)
        providers.absorb(draft.providers)
        people.absorb(draft.people)
        audiences = draft.audiences
        roleEpochBound = draft.roleEpochBound
        providerEpochBound = draft.providerEpochBound
        revision = draft.revision
    }

    /// Whether there is anything to forget.
    func hasExpired(at now: Timestamp) -> Bool {
        codes.hasExpired(at: now) || signingKeys.hasExpired(at: now) || revocations.hasExpired(at: now)
            || used.hasExpired(at: now) || budgets.hasExpired(at: now) || reservations.hasExpired(at: now)
            || approvals.hasExpired(at: now) || supervisions.hasExpired(at: now)
            || quotaUses.hasExpired(at: now)
    }

    /// Forgets up to `limit` expired records other than marks; answers how many it looked at.
    mutating func forgetExpired(at now: Timestamp, limit: Int) -> Int {
        var count = codes.forgetExpired(at: now, limit: limit)
        count += signingKeys.forgetExpired(at: now, limit: limit - count)
        count += revocations.forgetExpired(at: now, limit: limit - count)
        count += budgets.forgetExpired(at: now, limit: limit - count)
        count += reservations.forgetExpired(at: now, limit: limit - count)
        // Taken out and put back, so that no copy is made.
        var (asked, supervised) = (ApprovalIndex(), SupervisionIndex())
        swap(&asked, &approvalIndex)
        swap(&supervised, &supervisionIndex)
        count += approvals.forgetExpired(at: now, limit: limit - count) { asked.replace($0, with: nil) }
        count += supervisions.forgetExpired(at: now, limit: limit - count) { supervised.replace($0, with: nil) }
        swap(&asked, &approvalIndex)
        swap(&supervised, &supervisionIndex)
        count += quotaUses.forgetExpired(at: now, limit: limit - count)
        return count
    }

    /// Takes out marks that have expired; see `MarkTable.takeExpired(at:)`.
    mutating func takeExpiredMarks(at now: Timestamp) -> MarkTable.Forgotten? {
        used.takeExpired(at: now)
    }
}

/// The changes of one draft, cut loose from the rows below them.
struct DraftedChanges: Sendable {
    let settings: [Setting.ID: Setting?]
    let admins: [Admin.ID: Admin?]
    let owners: [Owner.ID: Owner?]
    let roles: [Role.ID: Role?]
    let resources: [Resource.ID: Resource?]
    let agents: [Agent.ID: Agent?]
    let codes: [EnrolmentCode.ID: EnrolmentCode?]
    let signingKeys: [SigningKeyRecord.ID: SigningKeyRecord?]
    let used: [SHA256Digest: UsedMark]
    let revocations: [Revocation.ID: Revocation?]
    let archives: [LedgerArchive.ID: LedgerArchive?]
    let policies: [PolicyVersion.ID: PolicyVersion?]
    let budgets: [Budget.ID: Budget?]
    let reservations: [Reservation.ID: Reservation?]
    let approvals: [ApprovalRequest.ID: ApprovalRequest?]
    let supervisions: [Supervision.ID: Supervision?]
    let notices: [Notice.ID: Notice?]
    let quotaUses: [QuotaUse.ID: QuotaUse?]
    let providers: [Provider.ID: Provider?]
    let people: [Person.ID: Person?]
    let audiences: [ResourceURL: ResourceName]
    let roleEpochBound: Int64
    let providerEpochBound: Int64
    let revision: UInt64
}
