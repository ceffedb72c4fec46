import MayflyCrypto
package import MayflyModel
import Synchronization

/// Hands out what is still to be told, and takes note of what became of it.
///
/// Each route has one courier that calls it, from a thread of its own.
package final class NoticeDesk: LedgerObserver {
    private let live: LiveSettings
    private let state: BrokerState
    private let clock: BrokerClock
    private let writer: Writer
    private let ledger: LedgerService
    private let metrics: BrokerMetrics
    private let origin: String
    private let listeners = Mutex<[@Sendable () -> Void]>([])
    /// Whether this is the one broker of its store that tells notices; nil for one that has the store for itself.
    private let duty = Mutex<(@Sendable () -> Bool)?>(nil)

    /// `origin` is the ledger's name, by which a receiver tells the notices of two brokers apart.
    init(
        live: LiveSettings, state: BrokerState, clock: BrokerClock, writer: Writer, ledger: LedgerService,
        metrics: BrokerMetrics, origin: String
    ) {
        self.live = live
        self.state = state
        self.clock = clock
        self.writer = writer
        self.ledger = ledger
        self.metrics = metrics
        self.origin = Base64URL.encode(Array(SHA256.digest(of: Array(origin.utf8)).bytes.prefix(6)))
    }

    /// A route with what waits for it.
    package struct Backlog: Sendable {
        package let route: NoticeRoute
        package let count: Int
        /// When the oldest of them happened.
        package let oldest: Timestamp?
    }

    /// What a route is told: one entry of the ledger.
    package struct Letter: Equatable, Sendable {
        /// The same at every attempt, and of no other entry: 1 to 64 letters, digits, `-` and `_`.
        package let id: String
        /// The kind of event.
        package let event: String
        /// JSON: `type`, `timestamp` (RFC 3339) and `data`, the entry.
        package let body: [UInt8]
    }

    /// What became of an attempt, or of all of them.
    package enum Outcome: Sendable {
        case delivered
        /// The receiver will never take it.
        case refused
        /// The route's time for it has run out.
        case expired
    }

    package func committed(_ events: [[LedgerEvent]], at now: Timestamp) {
        let routes = live.current.notices
        guard !routes.isEmpty, events.joined().contains(where: { event in routes.contains { $0.wants(event) } }) else {
            return
        }
        for listener in listeners.withLock({ $0 }) { listener() }
    }

    package func tookIn() {
        for listener in listeners.withLock({ $0 }) { listener() }
    }

    /// Has `listener` called whenever there is something new; it must be quick.
    package func listen(_ listener: @escaping @Sendable () -> Void) {
        listeners.withLock { $0.append(listener) }
    }

    /// Ends all calls that `listen` asked for.
    package func removeListeners() {
        listeners.withLock { $0 = [] }
    }

    /// Hands notices out only while `isOnDuty`; `tookIn` is to be called when that begins.
    func tell(while isOnDuty: @escaping @Sendable () -> Bool) {
        duty.withLock { $0 = isOnDuty }
    }

    /// Whether this broker is to tell notices now.
    package var isOnDuty: Bool { duty.withLock { $0 }?() ?? true }

    /// The oldest notices that the route is owed, at most `limit`, in the ledger's order; none while another broker of
    /// the store tells them.
    package func page(for route: NoticeRoute, limit: Int) -> [Notice] {
        guard isOnDuty else { return [] }
        return state.read { tables in tables.noticeIndex.first(limit, of: route.name).compactMap { tables.notices[$0] }
        }
    }

    package func isOverdue(_ notice: Notice, for route: NoticeRoute) -> Bool {
        clock.now() >= notice.at.advanced(bySeconds: route.keep)
    }

    /// Seconds since 1970, for a signature.
    package var now: Int64 { clock.now().seconds }

    /// What a notice says; throws when the ledger cannot be read now.
    package func letter(for notice: Notice) throws(BrokerError) -> Letter {
        let index = UInt64(clamping: notice.id)
        let (next, overflow) = index.addingReportingOverflow(1)
        guard !overflow, let entry = try ledger.entries(in: index..<next).first else {
            throw .unavailable(.storeFailed)
        }
        // The entry is one JSON object that we wrote, so it stands in another one as it is.
        var body = Array(#"{"type":"\#(entry.terms.event)","timestamp":"\#(RFC3339.format(entry.time))","data":"#.utf8)
        body += entry.bytes
        body.append(UInt8(ascii: "}"))
        return Letter(id: "\(origin)-\(notice.id)", event: entry.terms.event, body: body)
    }

    /// Writes down what became of a notice for one route; `completion` is told whether that is durable.
    package func settle(
        _ notice: Notice, for route: NoticeRoute, as outcome: Outcome, _ completion: @escaping @Sendable (Bool) -> Void
    ) {
        writer.submit(SettleNoticeCommand(id: notice.id, route: route, outcome: outcome)) { [metrics] result in
            switch result {
            case .success:
                metrics.notices.add(NoticeOutcome(outcome))
                completion(true)
            case .failure: completion(false)
            }
        }
    }

    /// Lets go of what is owed to routes that are no longer configured.
    ///
    /// Of several brokers only the one that tells notices does, when it begins to.
    package func forgetOthers() {
        guard isOnDuty else { return }
        let names = live.current.notices.map(\.name)
        writer.submit(ForgetRoutesCommand(known: Set(names))) { _ in }
    }

    /// Every route with what waits for it, in the order of the configuration.
    package func backlogs() -> [Backlog] {
        let routes = live.current.notices
        return state.read { tables in
            routes.map { route in
                let oldest = tables.noticeIndex.first(1, of: route.name).first.flatMap { tables.notices[$0]?.at }
                return Backlog(route: route, count: tables.noticeIndex.count(of: route.name), oldest: oldest)
            }
        }
    }

    /// Writes an entry that is told to one route alone, whatever it wants to hear; fails with `.notFound` for a name
    /// that no route has.
    package func test(
        _ name: String, by actor: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void
    ) {
        guard let route = live.current.notices.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
            return completion(.failure(.notFound))
        }
        var event = LedgerEvent(.noticeTested, .ok, actor: actor)
        event.target = route.target
        writer.submit(NoteCommand(events: [event]), completion)
    }
}

/// Takes one route's name off a notice, and says in the ledger when the route was never told.
struct SettleNoticeCommand: Command {
    static let concernsNobodyElse = true

    let id: Int64
    let route: NoticeRoute
    let outcome: NoticeDesk.Outcome

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        guard let notice = state.notices[id],
            let change = notice.settled(for: { $0.utf8.elementsEqual(route.name.utf8) })
        else { return Decided(()) }
        let rule: String
        switch outcome {
        case .delivered: return Decided((), changes: [change])
        case .refused: rule = "notice.refused"
        case .expired: rule = "notice.expired"
        }
        var event = LedgerEvent(.noticeFailed, .refused, actor: "broker")
        event.rule = rule
        event.target = route.target
        event.reason = "entry \(id) of the ledger was not taken"
        return Decided((), changes: [change], events: [event])
    }
}

/// Takes names that nobody has any more off all notices.
struct ForgetRoutesCommand: Command {
    static let concernsNobodyElse = true

    let known: Set<String>

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        Decided((), changes: state.notices.all.compactMap { $0.settled { !known.contains($0) } })
    }
}
