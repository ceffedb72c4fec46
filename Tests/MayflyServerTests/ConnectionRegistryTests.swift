import Glibc
@testable import MayflyServer
import Testing

/// Whom the sweeper cuts when the table is nearly full.
@Suite struct ConnectionRegistryTests {
    @Test func whatTheLibraryHasNotClosedYetCostsNobodyElseTheirPlace() throws {
        var limits = HTTPLimits()
        limits.maximumConnections = 64
        let registry = try ConnectionRegistry(limits: limits)
        let start = ContinuousClock.now
        var peers: [Int32] = []
        defer { for peer in peers { close(peer) } }
        var records: [ConnectionRecord] = []
        for index in 0..<60 {
            var pair: [Int32] = [-1, -1]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
            peers += pair
            let record = ConnectionRecord(
                descriptor: pair[0], certificate: nil, bell: try LoopBell(), remoteAddress: "127.0.0.1",
                deadline: start + limits.headerDeadline + .milliseconds(index))
            records.append(record)
            registry.add(record)
        }
        // A server that is busy closes late, and each arrival meanwhile asks for another sweep.
        for _ in 0..<10 { registry.sweep(start) }
        #expect(records.map(\.isCut) == (0..<60).map { $0 < 60 - limits.relievedConnections })
    }
}
