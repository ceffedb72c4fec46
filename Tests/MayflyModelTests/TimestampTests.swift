import MayflyModel
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, 0), (999, 0), (1000, 1), (-1, -1), (-1000, -1), (-1001, -2), (.max, 9_223_372_036_854_775),
            (.min, -9_223_372_036_854_776),
        ] as [(Int64, Int64)])
    func secondsRoundDownOverTheWholeRange(milliseconds: Int64, seconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).seconds == seconds)
    }

    @Test(arguments: [(0, 0), (1, 1000), (-1, -1000), (.max, .max), (.min, .min)] as [(Int64, Int64)])
    func numericDatesStopAtTheEnds(seconds: Int64, milliseconds: Int64) {
        #expect(Timestamp(seconds: seconds).milliseconds == milliseconds)
    }

    @Test(
        arguments: [
            (0, 5, 5000), (5000, -10, -5000), (.max, 1, .max), (.min, -1, .min), (1, .max, .max), (-1, .min, .min),
            (.max, .min, -1), (7, 0, 7),
        ] as [(Int64, Int64, Int64)])
    func advancingStopsAtTheEnds(start: Int64, step: Int64, end: Int64) {
        #expect(Timestamp(milliseconds: start).advanced(bySeconds: step).milliseconds == end)
    }

    @Test func ordersByTime() {
        #expect(Timestamp(milliseconds: -1) < Timestamp(milliseconds: 0))
        #expect(!(Timestamp(seconds: 1) < Timestamp(milliseconds: 1000)))
    }
}
