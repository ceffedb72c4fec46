import Dispatch
import MayflyBroker
import Testing

@testable import MayflyServer

@Suite struct RequestDurationsTests {
    @Test func requestsOfManyThreadsAreAllCounted() {
        let durations = RequestDurations(routes: 3)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for index in 0..<5000 {
                durations.note(
                    route: index % 3, method: .get, status: index % 2 == 0 ? 200 : 404, nanoseconds: UInt64(thread))
            }
        }
        let series = durations.series
        #expect(series.count == 6)
        #expect(series.reduce(0) { $0 + $1.reading.count } == 40_000)
        #expect(series.reduce(0) { $0 + $1.reading.sum } == 28 * 5000)
        #expect(series.allSatisfy { $0.reading.cumulative.count == RequestDurations.bounds.count + 1 })
    }

    @Test(arguments: [-7, -1, 3, Int.max - 1])
    func aPlaceThatIsNoEndpointIsNone(_ route: Int) {
        let durations = RequestDurations(routes: 3)
        durations.note(route: route, method: .other, status: 200, nanoseconds: 1)
        #expect(durations.series.map(\.route) == [nil])
    }

    @Test(arguments: [-1, 0, 299, 418, 599, 600, Int.max])
    func aStatusThatIsNotOnTheListIsCountedAsOther(_ status: Int) {
        let durations = RequestDurations(routes: 1)
        durations.note(route: 0, method: .post, status: status, nanoseconds: 1)
        #expect(durations.series.map(\.status) == [nil])
        #expect(durations.series.map(\.reading.count) == [1])
    }

    @Test func everyStatusOfTheEndpointsIsOnTheList() {
        let durations = RequestDurations(routes: 1)
        let statuses = [200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 428, 429, 431, 500, 501, 503]
        for status in statuses + OAuthError.Code.allCases.map(\.status) {
            durations.note(route: 0, method: .get, status: status, nanoseconds: 1)
        }
        #expect(durations.series.compactMap(\.status) == statuses)
    }

    @Test(arguments: [("GET", "GET"), ("get", "_OTHER"), ("BREW", "_OTHER"), ("", "_OTHER"), ("CONNECT", "CONNECT")])
    func methodsAreBounded(_ method: String, _ label: String) {
        #expect(HTTPMethod(method).text == label)
    }
}
