import MayflyModel
import MayflyPolicy

/// What is usual for one agent: bounded counters that fade.
///
/// The same observations at the same times always give the same value. Within one minute their order matters to the
/// counters only when more names come than are kept.
struct AgentBehaviour: Equatable, Sendable {
    /// Requests that must have been allowed before anything is held against an agent.
    static let leastSeen: Int64 = 20
    /// Thousandths of a day, fading, that an agent must have been active before some hour can be unusual.
    private static let leastDays: Int64 = 2500
    /// Thousandths of a score past which it is a deviation.
    static let threshold: Int64 = 800
    /// Days without a request after which nothing is known any more.
    static let longestIdle: Int64 = 60

    static let scopeCapacity = 64
    static let resourceCapacity = 12
    static let partnerCapacity = 12

    /// To when everything has faded.
    private(set) var time: BehaviourTime
    /// Requests that were allowed, ever.
    private(set) var seen: Int64 = 0
    private(set) var scopes = WeightedNames(capacity: scopeCapacity)
    private(set) var resources = WeightedNames(capacity: resourceCapacity)
    private(set) var partners = WeightedNames(capacity: partnerCapacity)
    /// For each hour of the day on how many days there was a request, in thousandths, and on how many days at all.
    private(set) var hours = [UInt16](repeating: 0, count: 24)
    private(set) var days: Int64 = 0
    /// A bit for each hour of today in which a request was allowed.
    private(set) var today: Int64 = 0
    private(set) var mints = BehaviourPace()
    private(set) var actions = BehaviourPace()
    /// For each sign the hour since 1970 in which it was last raised; -1 for never.
    private(set) var raised = [Int32](repeating: -1, count: BehaviourSign.allCases.count)

    init(at time: BehaviourTime) {
        self.time = time
    }

    var isKnown: Bool { seen >= Self.leastSeen }

    // MARK: Time

    /// Lets everything fade up to `moment`.
    ///
    /// A moment that lies before the last one makes nothing fade and nothing grow: counting goes on from there.
    mutating func advance(to moment: BehaviourTime) {
        guard moment != time else { return }
        defer { time = moment }
        guard moment.minute > time.minute else { return }
        let days = moment.day - time.day
        guard days < Self.longestIdle else { return self = AgentBehaviour(at: moment) }
        if days > 0 {
            endDay(days)
        } else if moment.hour > time.hour, self.days == 0 {
            mints.learnHour()
            actions.learnHour()
        }
        mints.fade(minutes: moment.minute - time.minute)
        actions.fade(minutes: moment.minute - time.minute)
    }

    private mutating func endDay(_ passed: Int64) {
        mints.learnDay(isFirst: days == 0, days: passed)
        actions.learnDay(isFirst: days == 0, days: passed)
        for hour in hours.indices {
            let worked = today >> hour & 1 == 1 ? Decay.one : 0
            hours[hour] = UInt16(
                clamping: Decay.left(of: Int64(hours[hour]) + worked, keeping: Decay.day, steps: passed))
        }
        days = Decay.left(of: days + (today == 0 ? 0 : Decay.one), keeping: Decay.day, steps: passed)
        today = 0
        scopes.fade(days: passed)
        resources.fade(days: passed)
        partners.fade(days: passed)
    }

    // MARK: Scores

    /// How unusual it is to work at the present hour: 0 when it did, within an hour, on every third of its days.
    ///
    /// What is done today does not count: it makes no hour of today usual.
    var unusualHour: Int64 {
        guard days >= Self.leastDays else { return 0 }
        let hour = time.hourOfDay
        let near = worked(at: (hour + 23) % 24) + worked(at: hour) + worked(at: (hour + 1) % 24)
        return max(0, 1000 - 3000 * near / days)
    }

    private func worked(at hour: Int) -> Int64 { hours.indices.contains(hour) ? Int64(hours[hour]) : 0 }

    private func newestScope(of request: BehaviourRequest) -> Int64 {
        var newest: Int64 = 0
        for scope in request.scopes { newest = max(newest, scopes.newness(of: scope)) }
        return newest
    }

    /// How far a request is from what is usual, in one respect, in thousandths.
    private func score(_ sign: BehaviourSign, of request: BehaviourRequest) -> Int64 {
        let pace = request.phase == .mint ? mints : actions
        return switch sign {
        case .newResource: request.resource.map { resources.newness(of: $0) } ?? 0
        case .newScope: newestScope(of: request)
        case .newPartner: request.partner.map { partners.newness(of: $0) } ?? 0
        case .burst: pace.burst
        case .unusualHour: unusualHour
        case .refusals: pace.refusals
        }
    }

    /// How usual a request is, at a moment; it is not counted by that.
    func facts(of request: BehaviourRequest, at moment: BehaviourTime) -> BehaviourFacts {
        var now = self
        now.advance(to: moment)
        guard now.isKnown else { return .unknown }
        var facts = BehaviourFacts()
        for sign in BehaviourSign.allCases {
            facts[sign] = BehaviourScore(thousandths: now.score(sign, of: request))
        }
        for scope in request.scopes {
            facts.newScopes[scope] = BehaviourScore(thousandths: now.scopes.newness(of: scope))
        }
        return facts
    }

    // MARK: Counting

    /// Counts one request, and answers in which ways it deviates: each sign once within an hour.
    ///
    /// What was refused teaches nothing but how much is refused. An agent that is still being learned deviates in
    /// nothing.
    mutating func observe(_ request: BehaviourRequest, at moment: BehaviourTime) -> [BehaviourDeviation] {
        advance(to: moment)
        var deviations: [BehaviourDeviation] = []
        // What is new is so before it is counted; what comes too often or is refused too often, only after.
        if isKnown, request.isAllowed {
            raise(.newResource, of: request, &deviations)
            raise(.newScope, of: request, &deviations)
            raise(.newPartner, of: request, &deviations)
            raise(.unusualHour, of: request, &deviations)
        }
        if request.phase == .mint {
            mints.count(isRefused: request.isRefused)
        } else {
            actions.count(isRefused: request.isRefused)
        }
        if isKnown {
            raise(.burst, of: request, &deviations)
            raise(.refusals, of: request, &deviations)
        }
        if request.isAllowed { learn(request) }
        return deviations
    }

    private mutating func raise(
        _ sign: BehaviourSign, of request: BehaviourRequest, _ deviations: inout [BehaviourDeviation]
    ) {
        let score = score(sign, of: request)
        guard score > Self.threshold, raised.indices.contains(sign.rawValue),
            raised[sign.rawValue] != Int32(clamping: time.hour)
        else {
            return
        }
        raised[sign.rawValue] = Int32(clamping: time.hour)
        let scope = sign == .newScope ? request.scopes.first { scopes.newness(of: $0) == score } : nil
        deviations.append(BehaviourDeviation(sign: sign, score: BehaviourScore(thousandths: score), scope: scope))
    }

    private mutating func learn(_ request: BehaviourRequest) {
        seen = min(seen + 1, Decay.most)
        today |= 1 << time.hourOfDay
        for scope in request.scopes { scopes.count(scope) }
        if let resource = request.resource { resources.count(resource) }
        if let partner = request.partner { partners.count(partner) }
    }
}

/// A way in which a request was unusual.
struct BehaviourDeviation: Equatable, Sendable {
    let sign: BehaviourSign
    let score: BehaviourScore
    /// The scope that is new.
    var scope: String?
}

extension AgentBehaviour {
    /// Reads what `stored` wrote.
    init(_ fields: inout FieldReader) throws(FieldError) {
        time = BehaviourTime(minute: try fields.integer("minute", in: BehaviourTime.range))
        seen = try fields.integer("seen", in: 0...Decay.most)
        scopes = try WeightedNames("scopes", capacity: Self.scopeCapacity, from: &fields)
        resources = try WeightedNames("resources", capacity: Self.resourceCapacity, from: &fields)
        partners = try WeightedNames("partners", capacity: Self.partnerCapacity, from: &fields)
        hours = try fields.counts("hours", count: 24, in: 0...Int64(UInt16.max)).map { UInt16(clamping: $0) }
        days = try fields.integer("days", in: 0...Decay.most)
        today = try fields.integer("today", in: 0...(1 << 24 - 1))
        mints = try BehaviourPace("mints", from: &fields)
        actions = try BehaviourPace("actions", from: &fields)
        raised = try fields.counts("raised", count: BehaviourSign.allCases.count, in: -1...Int64(Int32.max))
            .map { Int32(clamping: $0) }
    }

    var stored: JSONObject {
        [
            "minute": .integer(time.minute), "seen": .integer(seen), "scopes": scopes.stored,
            "resources": resources.stored, "partners": partners.stored,
            "hours": .array(hours.map { .integer(Int64($0)) }), "days": .integer(days), "today": .integer(today),
            "mints": mints.stored, "actions": actions.stored, "raised": .array(raised.map { .integer(Int64($0)) }),
        ]
    }
}
