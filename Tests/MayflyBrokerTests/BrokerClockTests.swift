internal import MayflyBroker
internal import MayflyModel
internal import Testing

@Suite struct BrokerClockTests {
    private let wall = TestClock()

    private func clock() -> BrokerClock {
        BrokerClock(wall: wall, floor: Timestamp(milliseconds: 0))
    }

    @Test func followsTheWallClock() throws {
        let clock = clock()
        let start = try clock.trusted()
        wall.advance(10)
        #expect(try clock.trusted() == start.advanced(bySeconds: 10))
        wall.step(3600)
        #expect(try clock.trusted() == start.advanced(bySeconds: 3610))
    }

    @Test func goesOnByTheSteadyClockAfterALargeStepBackAndMintsNothing() throws {
        let clock = clock()
        let start = clock.now()
        wall.step(-3600)
        #expect(throws: BrokerError.unavailable(.clockWentBack)) { try clock.trusted() }
        wall.advance(120)
        #expect(clock.now() == start.advanced(bySeconds: 120))
        #expect(throws: BrokerError.unavailable(.clockWentBack)) { try clock.trusted() }
    }

    @Test func catchesUpAfterASmallStepBackWithoutRunningBackOrStandingStill() throws {
        let clock = clock()
        let start = try clock.trusted()
        wall.step(-4)
        #expect(try clock.trusted() == start)
        wall.advance(4)
        #expect(try clock.trusted() == start.advanced(bySeconds: 2))
        wall.advance(4)
        #expect(try clock.trusted() == start.advanced(bySeconds: 4))
        wall.advance(10)
        #expect(try clock.trusted() == start.advanced(bySeconds: 14))
    }

    @Test func mintsAgainOnceTheWallClockIsSetRight() throws {
        let clock = clock()
        _ = clock.now()
        wall.step(-600)
        #expect(throws: BrokerError.unavailable(.clockWentBack)) { try clock.trusted() }
        wall.step(600)
        #expect(throws: Never.self) { try clock.trusted() }
    }

    @Test func neverAnswersLessThanTheFloor() {
        let floor = wall.now().advanced(bySeconds: 3)
        #expect(BrokerClock(wall: wall, floor: floor).now() == floor)
    }

    @Test(arguments: [Int64.min, Int64.max]) func survivesAnyClock(reading: Int64) {
        struct Stuck: WallClock {
            let reading: Int64
            func now() -> Timestamp { Timestamp(milliseconds: reading) }
            func elapsed() -> Int64 { reading }
        }
        _ = BrokerClock(wall: Stuck(reading: reading), floor: Timestamp(milliseconds: 0)).now()
    }
}
