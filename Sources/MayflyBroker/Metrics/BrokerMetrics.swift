package import MayflyPolicy
import Synchronization

/// What the broker has done since it started, counted where it happens.
///
/// Counting is a few atomic additions: no lock, no look-up, no text.
package final class BrokerMetrics: Sendable {
    package let issued = CounterSet<IssuedKind>()
    package let refused = CounterSet<RefusalReason>()
    /// Tokens that were asked about and are alive, by where.
    package let active = CounterSet<VerificationSurface>()
    /// Tokens that were asked about and are not alive, or not for who asked.
    package let inactive = CounterSet<VerificationSurface>()
    package let decisions = CounterSet<DecisionOutcome>()
    /// Decisions that a budget refused, by the limit.
    package let exhausted = CounterSet<ExhaustedLimit>()
    /// Tokens and decisions that a quota of the policy refused.
    package let quotaRefusals = CounterSet<QuotaPhase>()
    package let revocations = CounterSet<RevocationKind>()
    package let knownTokens = CounterSet<CacheResult>()
    package let notices = CounterSet<NoticeOutcome>()
    /// Attempts to fetch a provider's keys.
    package let keyFetches = CounterSet<KeyFetchOutcome>()
    /// Deviations from what is usual for an agent.
    package let deviations = CounterSet<BehaviourSign>()
    package let storeErrors = CounterSet<StoreErrorKind>()
    /// Commands that shared one commit.
    package let batchSize = Histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    /// Nanoseconds that the store took for a commit, failed ones included.
    package let commitTime = Histogram(bounds: BrokerMetrics.commitBounds)
    /// Nanoseconds for which answers were held until no node of the store could speak against them.
    package let heldTime = Histogram(bounds: BrokerMetrics.heldBounds)
    package let heldEnds = CounterSet<HeldEnd>()
    private let takenInCount = Atomic<UInt64>(0)
    private let refusedClientCount = Atomic<UInt64>(0)
    private let haltCount = Atomic<UInt64>(0)

    /// From 50 µs, which memory takes, to 10 s, at which a disk is as good as gone.
    private static let commitBounds: [UInt64] = [
        50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
        100_000_000, 250_000_000, 1_000_000_000, 10_000_000_000,
    ]

    /// From 1 ms, which a node nearby takes, to what the longest lease takes to run out.
    private static let heldBounds: [UInt64] = [
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 70_000_000_000,
    ]

    package init() {}

    /// Failures of clients to prove who they are.
    package var refusedClients: UInt64 { refusedClientCount.load(ordering: .relaxed) }

    /// What policy refused because it is in tier 4.
    package var halts: UInt64 { haltCount.load(ordering: .relaxed) }

    /// Commits of other brokers of the store that this one has taken in.
    package var takenIn: UInt64 { takenInCount.load(ordering: .relaxed) }

    func tookIn(_ commits: Int) {
        takenInCount.wrappingAdd(UInt64(clamping: commits), ordering: .relaxed)
    }

    /// Counts an answer that was let go of after so many nanoseconds.
    func held(_ end: HeldEnd, for nanoseconds: Int64) {
        heldEnds.add(end)
        heldTime.observe(UInt64(clamping: nanoseconds))
    }

    func clientRefused() {
        refusedClientCount.wrappingAdd(1, ordering: .relaxed)
    }

    /// Counts what a request for a token came to.
    func answered(_ result: Result<IssuedToken, BrokerError>) {
        switch result {
        case .success(let token): issued.add(IssuedKind(token))
        case .failure(let error):
            refused.add(RefusalReason(error))
            if case .oauth(let refusal) = error { count(refusal.cause) }
            if case .oauth(let refusal) = error, refusal.retryAfter != nil { quotaRefusals.add(.mint) }
        }
    }

    private func count(_ ruling: PolicyRuling?) {
        if ruling?.decision.tier == .halt { haltCount.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Counts a request for a token that was refused before it reached the issuer.
    package func refusedEarly(_ error: OAuthError) {
        refused.add(RefusalReason(error.code))
    }

    func verified(_ isActive: Bool, at surface: VerificationSurface) {
        if isActive { active.add(surface) } else { inactive.add(surface) }
    }

    func decided(_ ruling: Ruling?) {
        let decision = ruling?.decision
        count(ruling?.policy)
        decisions.add(decision.map { $0.isAllowed ? .allow : .deny } ?? .error)
        if case .deny(.budgetExhausted(let member)) = decision, let limit = ExhaustedLimit(member) {
            exhausted.add(limit)
        }
        if case .deny(.quotaExhausted) = decision { quotaRefusals.add(.action) }
    }

    func storeFailed(_ error: StoreError) {
        storeErrors.add(StoreErrorKind(error))
    }
}
