package import MayflyCrypto
import MayflyModel
import Synchronization

/// The keys of providers: pinned ones as they are registered, others fetched, kept for a while, and fetched again.
///
/// One fetch at a time is under way for a provider, and after each, whatever came of it, a cool-down passes before the
/// next: nobody makes the broker ask a provider more often by sending tokens with made-up `kid`s. Keys that cannot be
/// fetched again stay good for `staleLife`, so that a provider's outage does not at once become ours.
package final class ProviderKeys: Sendable {
    /// What there is to verify a token with.
    package enum Lookup: Sendable {
        case keys([PublicKey])
        /// Keys must be fetched first; `whenFetched` says when to look again.
        case needsFetch
        /// There is no such key, and it is too early to ask again.
        case none
        /// No keys are known at all, and it is too early to ask again.
        case unavailable
    }

    /// What there is to verify an X.509-SVID with.
    enum Authorities: Sendable {
        case trust(ClientTrust)
        case needsFetch
        /// The bundle has none that can be used.
        case none
        case unavailable
    }

    /// How a provider's keys are, for those who administer it.
    package struct Status: Equatable, Sendable {
        package let keyCount: Int
        /// Seconds since they were fetched; nil for pinned keys, and when none were.
        package let age: Int64?
        package let fault: FetchFault?
    }

    /// Seconds.
    package struct Terms: Sendable {
        package var coolDown: Int64 = 30
        /// How long fetched keys are good when their sender does not say.
        package var freshLife: Int64 = 300
        package var freshLifeRange: ClosedRange<Int64> = 60...3600
        /// How much longer they are used while fetching fails.
        package var staleLife: Int64 = 3600
        /// Requests that may wait for one provider.
        package var maximumWaiting = 256
        /// Fetches under way at one time.
        package var maximumFetches = 8

        package init() {}
    }

    package typealias Waiter = @Sendable () -> Void

    private struct Entry {
        /// Of the provider's record.
        let version: Int64
        /// What was registered when the keys were fetched; another registration starts anew.
        let spec: ProviderSpec
        var set: JWKSet?
        var fetchedAt: SteadyTime?
        var freshUntil: SteadyTime?
        /// No earlier fetch than this.
        var nextAttempt = SteadyTime(nanoseconds: .min)
        var fault: FetchFault?
        /// When a fetch failed last.
        var failedAt: SteadyTime?
        var isFetching = false
        var waiting: [Waiter] = []
    }

    private struct State {
        var entries: [ProviderID: Entry] = [:]
        var fetches = 0
        /// Made of the anchors beside them; a provider's that is gone is of no use to anybody.
        var authorities: [ProviderID: (anchors: [[UInt8]], trust: ClientTrust)] = [:]
    }

    private let fetcher: any KeySetFetcher
    private let terms: Terms
    private let time: @Sendable () -> SteadyTime
    private let metrics: BrokerMetrics
    private let state = Mutex(State())

    package init(
        fetcher: any KeySetFetcher, terms: Terms = Terms(), metrics: BrokerMetrics,
        time: @escaping @Sendable () -> SteadyTime = { SteadyTime.now() }
    ) {
        (self.fetcher, self.terms, self.metrics, self.time) = (fetcher, terms, metrics, time)
    }

    /// The keys of `provider` that a token with `keyID` may be signed with.
    package func lookup(_ provider: Provider, keyID: String?) -> Lookup {
        let use: JWKSet.Use = provider.spec.isTrustDomain ? .jwtSVID : .signature
        if case .pinned(let set) = provider.spec.keySource {
            let keys = set.candidates(for: keyID, use: use)
            return keys.isEmpty ? .none : .keys(keys)
        }
        let (set, mayFetch) = fetched(provider)
        guard let set else { return mayFetch ? .needsFetch : .unavailable }
        let keys = set.candidates(for: keyID, use: use)
        if keys.isEmpty { return mayFetch ? .needsFetch : .none }
        return .keys(keys)
    }

    /// The authorities of a trust domain's X.509-SVIDs.
    func authorities(of provider: Provider) -> Authorities {
        let set: JWKSet
        if case .pinned(let pinned) = provider.spec.keySource {
            set = pinned
        } else {
            let (found, mayFetch) = fetched(provider)
            guard let found else { return mayFetch ? .needsFetch : .unavailable }
            set = found
        }
        guard !set.anchors.isEmpty else { return .none }
        if let known = state.withLock({ $0.authorities[provider.id] }), known.anchors == set.anchors {
            return .trust(known.trust)
        }
        guard let trust = ClientTrust(authorities: set.anchors) else { return .none }
        state.withLock { $0.authorities[provider.id] = (set.anchors, trust) }
        return .trust(trust)
    }

    /// The keys that were fetched, unless they are too old, and whether it is time to ask for others.
    private func fetched(_ provider: Provider) -> (JWKSet?, mayFetch: Bool) {
        let now = time()
        let (set, mayFetch, mustFetch) = state.withLock { state -> (JWKSet?, Bool, Bool) in
            let entry = state.entries[provider.id].flatMap { $0.spec == provider.spec ? $0 : nil }
            let mayFetch = entry.map { $0.isFetching || now >= $0.nextAttempt } ?? true
            guard let entry, let set = entry.set, let freshUntil = entry.freshUntil,
                now < freshUntil.advanced(by: Self.nanoseconds(terms.staleLife))
            else { return (nil, mayFetch, false) }
            guard now >= freshUntil else { return (set, mayFetch, false) }
            // What is old is good only while nothing newer can be had: a withdrawn key must not get by once more.
            let hasFailed = entry.failedAt.map { $0 >= freshUntil } ?? false
            guard hasFailed || !mayFetch else { return (nil, true, false) }
            return (set, mayFetch, mayFetch && !entry.isFetching)
        }
        if mustFetch { whenFetched(provider) {} }
        return (set, mayFetch)
    }

    /// Fetches a provider's keys, or joins the fetch that is under way; `waiter` is called once, when it is over.
    ///
    /// It is called at once when a fetch has just ended, unless `isForced`, and when the provider's record is not the
    /// newest. Answers false, and never calls it, when too many wait already.
    @discardableResult
    package func whenFetched(_ provider: Provider, isForced: Bool = false, _ waiter: @escaping Waiter) -> Bool {
        let now = time()
        enum Step { case start, wait, refuse, over }
        let step = state.withLock { state -> Step in
            var entry = Entry(version: provider.version, spec: provider.spec)
            if let known = state.entries[provider.id] {
                guard known.version <= provider.version else { return .over }
                // Who waits for what was registered before waits for this now.
                if known.spec == provider.spec { entry = known } else { entry.waiting = known.waiting }
            }
            if !entry.isFetching, !isForced, now < entry.nextAttempt { return .over }
            guard entry.waiting.count < terms.maximumWaiting else { return .refuse }
            guard !entry.isFetching else {
                entry.waiting.append(waiter)
                state.entries[provider.id] = entry
                return .wait
            }
            guard state.fetches < terms.maximumFetches else { return .refuse }
            entry.waiting.append(waiter)
            entry.isFetching = true
            entry.nextAttempt = now.advanced(by: Self.nanoseconds(terms.coolDown))
            state.fetches += 1
            state.entries[provider.id] = entry
            return .start
        }
        switch step {
        case .refuse: return false
        case .wait: return true
        case .over:
            waiter()
            return true
        case .start:
            fetch(provider.spec) { [weak self] result in self?.end(provider, result) }
            return true
        }
    }

    package func status(of provider: Provider) -> Status {
        if case .pinned(let set) = provider.spec.keySource {
            return Status(keyCount: set.keys.count + set.anchors.count, age: nil, fault: nil)
        }
        let now = time()
        return state.withLock { state in
            guard let entry = state.entries[provider.id], entry.spec == provider.spec else {
                return Status(keyCount: 0, age: nil, fault: nil)
            }
            return Status(
                keyCount: (entry.set?.keys.count ?? 0) + (entry.set?.anchors.count ?? 0),
                age: entry.fetchedAt.map { (now.nanoseconds - $0.nanoseconds) / 1_000_000_000 }, fault: entry.fault)
        }
    }

    // MARK: One fetch

    private typealias FetchResult = Result<(set: JWKSet, maximumAge: Int64?), FetchFault>

    private func fetch(_ spec: ProviderSpec, _ completion: @escaping @Sendable (FetchResult) -> Void) {
        switch (spec.keySource, spec.authority) {
        case (.pinned, _), (.discovery, .trustDomain): completion(.failure(.off))
        case (.url(let url), _): fetchSet(url, completion)
        case (.discovery, .issuer(let issuer)):
            let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
            fetcher.fetch(base + "/.well-known/openid-configuration") { [weak self] result in
                switch result.flatMap({ document in Self.keySetURL(in: document, of: issuer) }) {
                case .failure(let fault): completion(.failure(fault))
                case .success(let url):
                    guard let self else { return completion(.failure(.off)) }
                    fetchSet(url, completion)
                }
            }
        }
    }

    private func fetchSet(_ url: String, _ completion: @escaping @Sendable (FetchResult) -> Void) {
        fetcher.fetch(url) { result in
            completion(
                result.flatMap { document in
                    guard let set = try? JWKSet(document.bytes) else { return .failure(.malformed) }
                    return .success((set, document.maximumAge))
                })
        }
    }

    /// The `jwks_uri` of an issuer's description, which must be its own (OpenID Connect Discovery §4.3).
    private static func keySetURL(in document: FetchedDocument, of issuer: String) -> Result<String, FetchFault> {
        guard let object = try? JSONParser.parseObject(document.bytes), let url = object["jwks_uri"]?.stringValue,
            url.utf8.count <= ProviderSpec.maximumURLLength
        else { return .failure(.malformed) }
        guard let named = object["issuer"]?.stringValue, named.utf8.elementsEqual(issuer.utf8) else {
            return .failure(.wrongIssuer)
        }
        return .success(url)
    }

    private func end(_ provider: Provider, _ result: FetchResult) {
        let now = time()
        let waiting = state.withLock { state -> [Waiter] in
            state.fetches -= 1
            guard var entry = state.entries[provider.id], entry.spec == provider.spec else { return [] }
            switch result {
            case .success(let fetched):
                let range = terms.freshLifeRange
                let life = fetched.maximumAge.map { min(max($0, range.lowerBound), range.upperBound) }
                entry.set = fetched.set
                entry.fetchedAt = now
                entry.freshUntil = now.advanced(by: Self.nanoseconds(life ?? terms.freshLife))
                // Keys that were taken back are taken back, also when there are no others.
                entry.fault = fetched.set.isEmpty ? .noKeys : nil
            case .failure(let fault):
                (entry.fault, entry.failedAt) = (fault, now)
            }
            entry.nextAttempt = now.advanced(by: Self.nanoseconds(terms.coolDown))
            entry.isFetching = false
            let waiting = entry.waiting
            entry.waiting = []
            state.entries[provider.id] = entry
            return waiting
        }
        switch result {
        case .success: metrics.keyFetches.add(.fetched)
        case .failure: metrics.keyFetches.add(.failed)
        }
        for waiter in waiting { waiter() }
    }

    private static func nanoseconds(_ seconds: Int64) -> Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product
    }
}
