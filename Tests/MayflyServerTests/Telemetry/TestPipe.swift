import Glibc
import Synchronization
import Testing

/// A pipe whose reading end the test holds, read when the test says so.
final class TestPipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32
    private let state = Mutex((bytes: [UInt8](), isEnded: false))

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// Reads from now on, on a thread of its own.
    func startReading() {
        onThread { [self] in
            var piece = [UInt8](repeating: 0, count: 65_536)
            while case let count = read(readEnd, &piece, piece.count), count > 0 {
                state.withLock { $0.bytes += piece.prefix(count) }
            }
            state.withLock { $0.isEnded = true }
        }
    }

    /// Closes the writing end; answers everything that was read up to there.
    func finish() -> String {
        close(writeEnd)
        _ = eventually { state.withLock { $0.isEnded } }
        close(readEnd)
        return String(decoding: state.withLock { $0.bytes }, as: UTF8.self)
    }
}
