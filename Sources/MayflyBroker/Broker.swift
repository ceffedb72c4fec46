internal import Glibc
package import MayflyCrypto
package import MayflyLedger
package import MayflyModel

/// The broker: its state, the writer that changes it, and the services that the surfaces call.
package final class Broker: Sendable {
    package let live: LiveSettings
    package var settings: BrokerSettings { live.current }
    package let state: BrokerState
    package let clock: BrokerClock
    package let keyring: Keyring
    package let authenticator: ClientAuthenticator
    /// The keys of those who vouch for workloads.
    package let providerKeys: ProviderKeys
    package var trust: TrustVerifier { authenticator.trust }
    package let issuer: TokenIssuer
    package let verification: VerificationService
    package let administration: Administration
    package let ledger: LedgerService
    package let metrics = BrokerMetrics()
    package let limits: RequestLimits
    /// Whether this broker may answer from its memory now.
    package let permit: ServingPermit
    /// The other brokers of the store; nil for a broker that has it for itself.
    package let cluster: ClusterLink?
    package let approvals: ApprovalDesk
    package let supervisions: SupervisionDesk
    package let notices: NoticeDesk
    package let behaviour: BehaviourBook
    let writer: Writer
    let store: any Store
    package let archiver: LedgerArchiver
    private let expiry: Expiry
    private let trim: LedgerTrim
    private let lifecycle: LifecycleWatch
    private let clockWatch: ClockWatch

    /// Opens the broker on what `store` holds; `governance` is the policy that is asked before a token is made.
    ///
    /// Throws `.notInitialised` for an empty store, `.clockBehind` when the wall clock is earlier than what the ledger
    /// has seen, and whatever store, keys or ledger report.
    package init(
        settings: BrokerSettings, store: any Store, vault: any KeyVault, wall: any WallClock,
        signer: any NoteSigner, log: any BrokerLog, segments: any SegmentVault = NoSegments(),
        governance: any Governance = PolicyGovernance(), acceptClock: Bool = false, node: ClusterNode? = nil,
        fetcher: any KeySetFetcher = NoFetcher(),
        steadyTime: @escaping @Sendable () -> SteadyTime = { SteadyTime.now() }
    ) throws(StartError) {
        var tables = Tables()
        let head: StoreHead
        do {
            // In this order: what others commit meanwhile is taken in again from the head on, which changes nothing.
            head = try store.head()
            let ledgerStart = try store.ledgerStart()
            tables = try Self.load(from: store)
            // Entries that are in no archive were taken away by someone; a search would pass over them in silence.
            guard ledgerStart <= LedgerArchives(tables.archives.all).end else {
                throw StoreError.corrupt(code: 0)
            }
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as StartError {
            throw error
        } catch {
            throw .unreadableRecord
        }
        tables.revision = head.revision
        let behaviours = tables.takeBehaviours()
        guard head.ledgerSize > 0 else { throw .notInitialised }
        let floor = max(try Self.latestTime(in: store, head: head), tables.lastTime)
        let reading = wall.now()
        guard acceptClock || floor.milliseconds - reading.milliseconds <= BrokerClock.tolerance else {
            throw .clockBehind(by: (floor.milliseconds - reading.milliseconds) / 1000)
        }
        live = LiveSettings(settings)
        self.store = store
        state = BrokerState(tables)
        clock = BrokerClock(wall: wall, floor: acceptClock ? min(floor, reading) : floor)
        do {
            keyring = try Keyring(tables.signingKeys.all, vault: vault)
        } catch {
            throw .signingKeys(error)
        }
        keyring.whenFailing { log.note($0.map { .signingFailed($0) } ?? .signingResumed) }
        // A broker that was killed right after a rotation had no time to destroy what retired, and a backup may have
        // brought back a key that is compromised.
        for record in tables.signingKeys.all where !record.state.mayComeToSign { vault.remove(record.id) }
        do {
            writer = try Writer(
                store: store, state: state, clock: clock, head: head, writtenTime: min(floor, clock.now()), log: log,
                metrics: metrics, live: live)
        } catch {
            throw .ledger(error)
        }
        let sharedStore = store as? any SharedStore
        permit = ServingPermit(isShared: sharedStore != nil)
        expiry = Expiry(state: state, store: store, clock: clock, writer: writer)
        lifecycle = LifecycleWatch(live: live, state: state, clock: clock, writer: writer, metrics: metrics)
        clockWatch = ClockWatch(clock: clock, log: log)
        behaviour = BehaviourBook(behaviours, writer: writer, metrics: metrics)
        writer.add(behaviour)
        let verifier = TokenVerifier(
            live: live, state: state, clock: clock, keyring: keyring, metrics: metrics, behaviour: behaviour,
            permit: permit)
        providerKeys = ProviderKeys(fetcher: fetcher, metrics: metrics, time: steadyTime)
        authenticator = ClientAuthenticator(
            live: live, state: state, clock: clock,
            refusals: RefusedClients(state: state, clock: clock, writer: writer, metrics: metrics),
            trust: TrustVerifier(live: live, state: state, keys: providerKeys))
        issuer = TokenIssuer(
            live: live, state: state, clock: clock, keyring: keyring, writer: writer, verifier: verifier,
            metrics: metrics, governance: governance, behaviour: behaviour)
        approvals = ApprovalDesk(state: state, clock: clock, writer: writer, governance: governance)
        supervisions = SupervisionDesk(state: state, clock: clock, writer: writer)
        proofs = DPoPVerifier(live: live, clock: clock, nonces: DPoPNonces(keyring: keyring, clock: clock))
        verification = VerificationService(
            state: state, clock: clock, writer: writer, verifier: verifier, metrics: metrics, behaviour: behaviour,
            governance: governance, proofs: proofs)
        limits = RequestLimits(live: live, wall: wall, clock: clock, state: state, writer: writer)
        ledger = LedgerService(
            store: store, segments: segments, state: state, writer: writer, signer: signer, clock: clock,
            metrics: metrics)
        notices = NoticeDesk(
            live: live, state: state, clock: clock, writer: writer, ledger: ledger, metrics: metrics,
            origin: signer.key.name)
        writer.add(notices)
        archiver = LedgerArchiver(
            store: store, segments: segments, state: state, writer: writer, clock: clock, origin: signer.key.name)
        trim = LedgerTrim(store: store, segments: segments, state: state, log: log)
        administration = Administration(
            live: live, state: state, clock: clock, keyring: keyring, vault: vault, writer: writer,
            verifier: verifier, ledger: ledger, metrics: metrics)
        self.verifier = verifier
        writer.whenKeysMove { [state, keyring] in
            let records = state.read { $0.signingKeys.all }
            // Where a key is missing the old ones go on signing, unless they are compromised; they are published until
            // they retire.
            do throws(CryptoError) {
                try keyring.replace(records, vault: vault)
            } catch {
                log.note(.signingKeyMissing)
            }
            state.standingHasChanged()
            for record in records where record.state == .compromised { vault.remove(record.id) }
        }
        if let sharedStore {
            cluster = try Self.link(
                node ?? ClusterNode(name: "", address: "", terms: LeaseTerms()), to: sharedStore, writer: writer,
                permit: permit, log: log, metrics: metrics, notices: notices)
        } else {
            cluster = nil
        }
        announce(acceptedClock: acceptClock && floor > reading)
    }

    package let verifier: TokenVerifier
    /// Checks that whoever brings a token has the key that it is bound to.
    package let proofs: DPoPVerifier

    /// Takes in what was committed while the records were read, and goes among the other brokers.
    private static func link(
        _ node: ClusterNode, to store: any SharedStore, writer: Writer, permit: ServingPermit, log: any BrokerLog,
        metrics: BrokerMetrics, notices: NoticeDesk
    ) throws(StartError) -> ClusterLink {
        let meeting: any ClusterMeeting
        do throws(StoreError) {
            meeting = try store.meeting()
        } catch {
            throw .store(error)
        }
        do throws(BrokerError) {
            _ = try writer.catchUp()
        } catch {
            throw .store(.leftBehind)
        }
        // Weakly: the writer holds the link.
        let followed = ClusterWriter(
            head: { [weak writer] in writer?.head ?? StoreHead() },
            isFenced: { [weak store] in store?.mustBeReopened ?? true },
            catchUp: { [weak writer] () throws(BrokerError) in
                guard let writer else { throw .unavailable(.stopping) }
                return try writer.catchUp()
            })
        let link = ClusterLink(
            node, meeting: meeting, writer: followed, permit: permit, log: log, metrics: metrics)
        // Weakly: the writer holds both.
        notices.tell { [weak link] in link?.isLeader ?? false }
        link.whenLeading { [weak notices] in
            notices?.forgetOthers()
            notices?.tookIn()
        }
        writer.join(link)
        link.start()
        return link
    }

    /// Whether this broker does what one of a store is to do for all: clean up, tell notices, watch dates.
    package var isLeader: Bool { cluster?.isLeader ?? true }

    /// Returns when this broker may answer; false when it may not within ten seconds.
    package func waitForPermit() -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while !permit.isValid, ContinuousClock.now < deadline { usleep(2000) }
        return permit.isValid
    }

    /// Answers everything accepted, and takes nothing more.
    package func stop() {
        writer.settle()
        behaviour.keepAll(at: clock.now())
        writer.stop()
        cluster?.stop()
        writer.join(nil)
    }

    /// Removes some of what has expired, from memory and from the store, and some of what was archived, from the store,
    /// and keeps some of what was learned of agents; answers whether there is more to do.
    ///
    /// Only one thread at a time may call it.
    package func removeExpired() throws(StoreError) -> Bool {
        let isMoreLearned = behaviour.keepSome(at: clock.now())
        do {
            let isMoreExpired = try expiry.step(inStore: isLeader)
            let isMoreArchived = isLeader ? try trim.takeStep() : false
            return isMoreExpired || isMoreArchived || isMoreLearned
        } catch {
            metrics.storeFailed(error)
            throw error
        }
    }

    /// Says when the clock went back and when it is right again; to be called every second by one thread.
    package func watchClock() { clockWatch.step() }

    /// Takes one bounded step through the agents, and says and does what reviews and end dates ask for.
    ///
    /// It returns before that is durable, and does nothing while an earlier step is not. Only one thread at a time may
    /// call it.
    package func watchLifecycles() {
        guard isLeader else { return }
        lifecycle.step()
    }

    private func announce(acceptedClock: Bool) {
        var events = [LedgerEvent(.brokerStarted, .ok, actor: "broker")]
        if acceptedClock { events.append(LedgerEvent(.clockAccepted, .ok, actor: "broker")) }
        writer.submit(StartCommand(events: events, endsAllTokens: acceptedClock)) { _ in }
    }

    /// The signing keys that a store knows of, for checks while no broker runs.
    package static func signingKeys(in store: any Store) throws(StartError) -> [SigningKeyRecord] {
        do {
            return try load(from: store).signingKeys.all
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw .unreadableRecord
        }
    }

    /// The archived parts of the ledger that a store knows of.
    package static func archives(in store: any Store) throws(StartError) -> LedgerArchives {
        do {
            return LedgerArchives(try load(from: store).archives.all)
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw .unreadableRecord
        }
    }

    private static func load(from store: any Store) throws -> Tables {
        var loader = RecordLoader()
        try store.loadRecords { loader.add($0) }
        loader.finish()
        guard loader.failure == nil else { throw StartError.unreadableRecord }
        var tables = loader.tables
        try store.loadMarks { tables.load($0) }
        return tables
    }

    private static func latestTime(in store: any Store, head: StoreHead) throws(StartError) -> Timestamp {
        do {
            return try store.ledgerEntries(in: (head.ledgerSize - 1)..<head.ledgerSize).last?.time
                ?? Timestamp(milliseconds: 0)
        } catch {
            throw .store(error)
        }
    }
}

/// Writes down that the broker started.
///
/// While the clock was ahead, revocations were forgotten as expired whose tokens are alive again by the earlier clock:
/// an accepted step back ends every token that is out.
struct StartCommand: Command {
    let events: [LedgerEvent]
    let endsAllTokens: Bool

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        guard endsAllTokens else { return Decided((), events: events) }
        let end = Change.setting(Setting(id: .epoch, value: moment.epoch))
        // Nothing that it ends is left, and ahead of the accepted time it would end what is made now.
        let floor = Change.setting(Setting(id: .delegationFloor, value: 0))
        // The time that was written down is ahead; it must not hold up the next start.
        return Decided(
            (), changes: [end, floor, .lastTime(moment.now)] + takenBack(state, to: moment.now), events: events)
    }

    /// What quotas counted, people were asked, and can be taken back or reviewed ahead of the accepted time would stay
    /// so until that time has come.
    private func takenBack(_ state: Tables, to now: Timestamp) -> [Change] {
        let reviewed = state.agents.all.compactMap { agent -> Change? in
            guard let lifecycle = agent.lifecycle.takenBack(to: now) else { return nil }
            var agent = agent
            agent.lifecycle = lifecycle
            return .touched(agent)
        }
        return state.quotaUses.all.compactMap { $0.takenBack(to: now) }.map { .quota($0) }
            + state.supervisions.all.compactMap { $0.takenBack(to: now) }.map { .supervision($0) }
            + state.approvals.all.compactMap { $0.takenBack(to: now) }.map { .approval($0) } + reviewed
    }
}

/// Writes down that something happened, and changes nothing.
struct NoteCommand: Command {
    static let concernsNobodyElse = true

    let events: [LedgerEvent]

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        Decided((), events: events)
    }
}

/// Why the broker cannot start.
package enum StartError: Error, Equatable, Sendable {
    case notInitialised
    case unreadableRecord
    /// Seconds by which the wall clock is behind the last ledger entry.
    case clockBehind(by: Int64)
    case store(StoreError)
    case signingKeys(CryptoError)
    case ledger(LedgerError)
}
