import Glibc
@testable import MayflyServer
import Testing

/// When the sweeper takes a body for one that the library can never read to its end.
@Suite struct StuckBodyTests {
    /// What has happened since the sweep before: to the socket, to the connection, and to its loop.
    private enum Event {
        case looks(Int), step, arrival, reading, phase(ConnectionRecord.Phase)
    }

    private static let cases: [(name: String, events: [Event], isCut: Bool)] = [
        ("left alone at two looks", [.looks(2)], true),
        ("more has come, and none was read", [.arrival, .looks(2)], true),
        ("a look that had begun before", [.looks(1)], false),
        ("a loop that is busy elsewhere", [], false),
        ("a piece was handed on", [.step, .looks(2)], false),
        ("all was read", [.reading, .looks(2)], false),
        ("the body is complete", [.phase(.handling), .looks(2)], false),
        ("another request's header", [.phase(.header), .looks(2)], false),
    ]

    @Test(arguments: cases.indices) func onlyWhatWasLeftAloneIsCut(_ index: Int) throws {
        let (name, events, isCut) = Self.cases[index]
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        let bell = try LoopBell()
        let now = ContinuousClock.now
        let record = ConnectionRecord(
            descriptor: pair[0], certificate: nil, bell: bell, remoteAddress: "127.0.0.1", deadline: now + .seconds(60))
        record.enter(.body, deadline: now + .seconds(60))
        #expect(send(pair[1], "abc", 3, 0) == 3)
        record.sweep(now)
        #expect(!record.isCut)
        for event in events {
            switch event {
            case .looks(let count): for _ in 0..<count { bell.noteLook() }
            case .step: record.noteStep()
            case .arrival: #expect(send(pair[1], "d", 1, 0) == 1)
            case .reading:
                var bytes = [UInt8](repeating: 0, count: 8)
                #expect(recv(pair[0], &bytes, 8, 0) == 3)
            case .phase(let phase): record.enter(phase, deadline: now + .seconds(60))
            }
        }
        record.sweep(now)
        #expect(record.isCut == isCut, "\(name)")
    }
}
