@testable import MayflyBroker
import MayflyModel
import MayflyPolicy
import Testing

/// What is usual for one agent, and what is not.
struct AgentBehaviourTests {
    /// An agent that reads tickets at nine in the morning, day after day.
    private struct Diary {
        var agent = AgentBehaviour(at: BehaviourTime(minute: 0))
        var minute: Int64 = 20_000 * 1440 + 9 * 60

        static let reading = BehaviourRequest(
            phase: .mint, scopes: ["tickets.read"], resource: "https://tickets.example", partner: "agent:root")
        static let refused = BehaviourRequest(phase: .mint, isAllowed: false, isRefused: true)

        var time: BehaviourTime { BehaviourTime(minute: minute) }

        @discardableResult
        mutating func see(_ request: BehaviourRequest = Diary.reading, _ count: Int = 1) -> [BehaviourSign] {
            (0..<count).flatMap { _ in agent.observe(request, at: time).map(\.sign) }
        }

        func score(_ sign: BehaviourSign, _ request: BehaviourRequest = Diary.reading) -> Int64 {
            agent.facts(of: request, at: time)[sign].thousandths
        }

        /// `days` of ten requests each, ending at nine on the day after.
        mutating func work(days: Int) {
            for _ in 0..<days {
                see(Diary.reading, 10)
                minute += 1440
            }
        }
    }

    /// Each way to deviate, with what comes before it.
    private static let unusual: [(sign: BehaviourSign, act: @Sendable (inout Diary) -> [BehaviourSign])] = [
        (
            .newScope,
            { diary in
                var request = Diary.reading
                request.scopes = ["tickets.read", "tickets.write"]
                return diary.see(request)
            }
        ),
        (
            .newResource,
            { diary in
                var request = Diary.reading
                request.resource = "https://mail.example"
                return diary.see(request)
            }
        ),
        (
            .newPartner,
            { diary in
                var request = Diary.reading
                request.partner = "agent:stranger"
                return diary.see(request)
            }
        ),
        (.burst, { $0.see(Diary.reading, 130) }),
        (
            .unusualHour,
            { diary in
                diary.minute += 12 * 60
                return diary.see()
            }
        ),
        (.refusals, { $0.see(Diary.refused, 10) }),
    ]

    @Test(arguments: BehaviourSign.allCases)
    func eachDeviationIsRaisedOnceAnHourAndByNothingElse(_ sign: BehaviourSign) throws {
        let act = try #require(Self.unusual.first { $0.sign == sign }).act
        var diary = Diary()
        diary.work(days: 7)
        #expect(diary.see() == [])
        #expect(act(&diary) == [sign])
        // The same again within the hour is not said again.
        #expect(diary.see() == [])
        #expect(!act(&diary).contains(sign) || sign == .unusualHour)
    }

    @Test(arguments: BehaviourSign.allCases)
    func nothingIsHeldAgainstAnAgentThatIsStillBeingLearned(_ sign: BehaviourSign) throws {
        let act = try #require(Self.unusual.first { $0.sign == sign }).act
        var diary = Diary()
        diary.see(Diary.reading, Int(AgentBehaviour.leastSeen) - 2)
        let found = diary.agent.facts(of: Diary.reading, at: diary.time)
        #expect(found == .unknown)
        if sign == .burst { diary = Diary() }
        let signs = sign == .burst ? diary.see(Diary.reading, 19) : act(&diary)
        #expect(signs == [])
    }

    /// The formulas that docs/behaviour.md states.
    @Test func aNameIsHalfAsNewOnceItCameAndNewAgainWhenItFaded() {
        var diary = Diary()
        diary.see(Diary.reading, 20)
        var request = Diary.reading
        request.scopes = ["tickets.write"]
        #expect(diary.score(.newScope, request) == 1000)
        diary.see(request)
        #expect(diary.score(.newScope, request) == 500)
        diary.see(request, 3)
        #expect(diary.score(.newScope, request) == 200)
        diary.minute += 7 * 1440
        #expect((325...340).contains(diary.score(.newScope, request)))
        diary.minute += 52 * 1440
        #expect(diary.score(.newScope, request) > 970)
        // Nobody is known for ever.
        diary.minute += 2 * 1440
        #expect(diary.agent.facts(of: request, at: diary.time) == .unknown)
    }

    @Test func aBurstIsMeasuredAgainstTheBusiestMinutesOfEarlierDays() {
        var diary = Diary()
        diary.work(days: 3)
        diary.see(Diary.reading, 20)
        #expect(diary.score(.burst) == 0)
        diary.see(Diary.reading, 20)
        #expect(diary.score(.burst) == 500)
        diary.see(Diary.reading, 60)
        #expect(diary.score(.burst) == 800)
        diary.minute += 10
        #expect((590...610).contains(diary.score(.burst)))
        // What was done once moves the measure by half of the way.
        diary.minute += 1440 - 10
        diary.see(Diary.reading, 100)
        #expect((430...480).contains(diary.score(.burst)))
    }

    @Test func theFirstDayIsMeasuredByItsBusiestHour() {
        var diary = Diary()
        diary.see(Diary.reading, 300)
        #expect(diary.score(.burst) == 0)
        diary.minute += 60
        diary.see(Diary.reading, 290)
        #expect(diary.score(.burst) == 0)
        diary.see(Diary.reading, 310)
        #expect((480...520).contains(diary.score(.burst)))
    }

    @Test func anAgentThatIsOftenRefusedIsJudgedByThat() {
        var diary = Diary()
        for _ in 0..<5 {
            diary.see(Diary.reading, 20)
            diary.see(Diary.refused, 20)
            diary.minute += 1440
        }
        diary.see(Diary.reading, 10)
        diary.see(Diary.refused, 10)
        #expect(diary.score(.refusals) < 5)
        diary.see(Diary.refused, 80)
        #expect((790...810).contains(diary.score(.refusals)))
        // Some minutes of quiet mend it.
        diary.minute += 60
        #expect(diary.score(.refusals) == 0)
    }

    @Test func whatIsDoneTonightMakesTheNightNoMoreUsualToday() {
        var diary = Diary()
        diary.work(days: 5)
        diary.minute += 12 * 60
        #expect(diary.score(.unusualHour) == 1000)
        diary.see(Diary.reading, 500)
        #expect(diary.score(.unusualHour) == 1000)
        diary.minute += 1440
        #expect((200...600).contains(diary.score(.unusualHour)))
        // An hour beside a usual one is usual.
        diary.minute += 11 * 60
        #expect(diary.score(.unusualHour) == 0)
    }

    @Test func whatIsRefusedTeachesNothing() {
        var diary = Diary()
        diary.work(days: 3)
        let known = diary.agent
        var request = Diary.reading
        request.scopes = ["tickets.admin"]
        request.resource = "https://vault.example"
        request.isAllowed = false
        request.isRefused = true
        diary.see(request, 5)
        #expect(diary.agent.seen == known.seen)
        #expect(diary.score(.newScope, request) == 1000)
        #expect(diary.score(.newResource, request) == 1000)
    }

    @Test func aClockThatStepsBackNeitherTrapsNorInflates() {
        var diary = Diary()
        diary.work(days: 4)
        let weight = diary.agent.scopes.weight(of: "tickets.read")
        for step in [-1440, -60, -10_000_000, 10_000_000_000, Int64.min / 2, Int64.max / 2, 0] as [Int64] {
            diary.minute = BehaviourTime(minute: diary.minute.addingReportingOverflow(step).partialValue).minute
            diary.see()
            #expect(diary.agent.scopes.weight(of: "tickets.read") <= weight + 7 * Decay.one)
        }
        // Back and forth over midnight counts a day once each time it ends, and fades as often.
        for _ in 0..<100 {
            diary.minute += 1440
            diary.see()
            diary.minute -= 1440
            diary.see()
        }
        #expect(diary.agent.days < 11 * Decay.one)
        #expect(diary.agent.hours.allSatisfy { $0 < 11_000 })
        for time in [Timestamp(milliseconds: .min), Timestamp(milliseconds: .max), Timestamp(milliseconds: -1)] {
            _ = diary.agent.observe(Diary.reading, at: BehaviourTime(time))
        }
    }

    @Test func aFloodOfNamesStaysBoundedAndDoesNotPushOutWhatIsUsed() {
        var diary = Diary()
        diary.see(Diary.reading, 40)
        for index in 0..<5000 {
            diary.see(
                BehaviourRequest(
                    phase: .mint, scopes: ["scope.\(index)"], resource: "https://r\(index).example",
                    partner: "agent:p\(index)"))
        }
        #expect(diary.agent.scopes.entries.count == AgentBehaviour.scopeCapacity)
        #expect(diary.agent.resources.entries.count == AgentBehaviour.resourceCapacity)
        #expect(diary.agent.partners.entries.count == AgentBehaviour.partnerCapacity)
        #expect(diary.score(.newScope) < 30)
        #expect(JSONWriter.bytes(of: .object(diary.agent.stored)).count < 4096)
    }

    @Test func whatIsStoredIsReadBackTheSame() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let agent = Self.random(&random).agent
            let bytes = JSONWriter.bytes(of: .object(agent.stored))
            var fields = FieldReader(try JSONParser.parseObject(bytes))
            #expect(try AgentBehaviour(&fields) == agent, "seed \(seed)")
            try fields.finish()
        }
    }

    // MARK: Properties

    private static func request(_ random: inout SeededGenerator) -> BehaviourRequest {
        let isAllowed = Int.random(in: 0..<5, using: &random) > 0
        return BehaviourRequest(
            phase: Bool.random(using: &random) ? .mint : .action,
            scopes: (0..<Int.random(in: 0..<4, using: &random)).map { _ in
                "scope.\(Int.random(in: 0..<8, using: &random))"
            },
            resource: Bool.random(using: &random) ? "https://r\(Int.random(in: 0..<6, using: &random)).example" : nil,
            partner: Bool.random(using: &random) ? "agent:p\(Int.random(in: 0..<6, using: &random))" : nil,
            isAllowed: isAllowed, isRefused: !isAllowed)
    }

    /// An agent after some hundred requests, and what those were.
    private static func random(
        _ random: inout SeededGenerator
    ) -> (agent: AgentBehaviour, diary: [(minute: Int64, requests: [BehaviourRequest])]) {
        var agent = AgentBehaviour(at: BehaviourTime(minute: 0))
        var diary: [(minute: Int64, requests: [BehaviourRequest])] = []
        var minute: Int64 = 29_000_000
        for _ in 0..<40 {
            minute += Int64.random(in: 0..<3000, using: &random) * Int64.random(in: 0..<2, using: &random) + 1
            let requests = (0..<Int.random(in: 1..<20, using: &random)).map { _ in request(&random) }
            diary.append((minute, requests))
            for request in requests { _ = agent.observe(request, at: BehaviourTime(minute: minute)) }
        }
        return (agent, diary)
    }

    @Test func scoresAreBoundedAndTheSameEventsGiveTheSameCounters() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            let (agent, diary) = Self.random(&random)
            var again = AgentBehaviour(at: BehaviourTime(minute: 0))
            var shuffled = again
            for (minute, requests) in diary {
                let time = BehaviourTime(minute: minute)
                for request in requests { _ = again.observe(request, at: time) }
                for request in requests.shuffled(using: &random) { _ = shuffled.observe(request, at: time) }
            }
            #expect(agent == again, "seed \(seed)")
            // Within one minute the order is nothing to the counters; only what is raised may differ.
            #expect(shuffled.scopes == agent.scopes && shuffled.resources == agent.resources, "seed \(seed)")
            #expect(shuffled.partners == agent.partners && shuffled.hours == agent.hours, "seed \(seed)")
            #expect(shuffled.mints == agent.mints && shuffled.actions == agent.actions, "seed \(seed)")
            let question = Self.request(&random)
            let later = BehaviourTime(minute: agent.time.minute + Int64.random(in: 0..<100_000, using: &random))
            let facts = agent.facts(of: question, at: later)
            for sign in BehaviourSign.allCases { #expect((0...1).contains(facts[sign].value)) }
            for scope in question.scopes + [""] { #expect((0...1).contains(facts.anomaly(for: scope).value)) }
        }
    }
}
