import Testing

/// What a crowd of clients took is the system's again once they have gone.
@Suite struct ConnectionMemoryTests {
    private static let crowd = 1500
    private static let request = "GET /healthz HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: 600))\r\n\r\n"

    /// Resident bytes of the broker.
    private func resident(_ broker: RunningMayfly) throws -> Int {
        let status = try Files.text("/proc/\(try #require(broker.processID))/status")
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.split(whereSeparator: { $0 == " " || $0 == "\t" })[1])) * 1024
    }

    /// Connections that all have had an answer.
    private func open(_ broker: RunningMayfly) throws -> [HTTPConnection] {
        let connections = try (0..<Self.crowd).map { _ in try HTTPConnection(port: broker.port) }
        for connection in connections { connection.send(Self.request) }
        for connection in connections { #expect(try connection.answer()?.status == 200) }
        return connections
    }

    @Test func memoryOfClosedConnectionsGoesBack() throws {
        let broker = try RunningMayfly.started()
        let before = try resident(broker)
        var connections = try open(broker)
        let during = try resident(broker)
        #expect(during - before > Self.crowd * 12 * 1024, "\(before) \(during)")
        #expect(during - before < Self.crowd * 24 * 1024, "\(before) \(during)")
        connections = []
        let end = ContinuousClock.now + .seconds(60)
        while try resident(broker) > before + Self.crowd * 3 * 1024 {
            guard ContinuousClock.now < end else { throw HarnessError("still \(try resident(broker)), was \(before)") }
        }
        #expect(connections.isEmpty)
        #expect(try broker.stop() == 0)
    }
}
