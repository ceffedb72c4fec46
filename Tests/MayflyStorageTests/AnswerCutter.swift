import Glibc
import PostgresHarness
import Synchronization

/// Stands between a store and its server, and can take away the answer to whatever is asked next.
///
/// It listens on a Unix socket in a folder of its own, under the name that libpq looks for.
final class AnswerCutter: Sendable {
    struct Failed: Error {}

    /// Where a connection breaks.
    enum Mode: Equatable, Sendable {
        /// The connection breaks when the answer comes: what was asked has been done.
        case cutAnswer
        /// The connection breaks when the question comes: nothing has been done.
        case cutQuestion
    }

    let folder: String
    private let listener: Int32
    /// What is to be cut, in this order, and how many of the kind are let pass before.
    private let plan = Mutex<[(mode: Mode, skipped: Int)]>([])
    private let cuts = Atomic(0)
    private let isRefusing = Atomic(false)

    init(_ server: PostgresServer) throws {
        var template = Array("/tmp/mayfly-cutter-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failed() }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard PostgresSocket.address(folder, with: { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
            throw Failed()
        }
        let server = server.folder
        PostgresSocket.spawn { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                guard !isRefusing.load(ordering: .acquiring) else {
                    close(client)
                    continue
                }
                let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                guard PostgresSocket.address(server, with: { connect(upstream, $0, $1) }) == 0 else {
                    close(upstream)
                    close(client)
                    continue
                }
                PostgresSocket.spawn { [self] in carry(client, upstream) }
            }
        }
    }

    deinit {
        unlink(folder + "/.s.PGSQL.5432")
        rmdir(folder)
    }

    /// How many connections were cut.
    var cutCount: Int { cuts.load(ordering: .acquiring) }

    /// Cuts a connection once what was asked for before has been cut and `skipped` more have passed.
    func cutNext(_ mode: Mode, after skipped: Int = 0) { plan.withLock { $0.append((mode, skipped)) } }

    /// Cuts nothing any more.
    func passAll() { plan.withLock { $0 = [] } }

    private func isCut(_ mode: Mode) -> Bool {
        plan.withLock { plan in
            guard let first = plan.first, first.mode == mode else { return false }
            guard first.skipped == 0 else {
                plan[0].skipped -= 1
                return false
            }
            plan.removeFirst()
            return true
        }
    }

    /// Whether new connections are closed at once.
    func refuse(_ isRefusing: Bool) { self.isRefusing.store(isRefusing, ordering: .releasing) }

    /// Ends everything; the store cannot connect any more.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func carry(_ client: Int32, _ upstream: Int32) {
        defer {
            close(client)
            close(upstream)
        }
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            var ends = [pollfd(fd: client, events: Int16(POLLIN), revents: 0)]
            ends.append(pollfd(fd: upstream, events: Int16(POLLIN), revents: 0))
            guard poll(&ends, 2, -1) > 0 else { return }
            for (from, to, cut) in [(0, upstream, Mode.cutQuestion), (1, client, Mode.cutAnswer)]
            where ends[from].revents != 0 {
                let count = read(ends[from].fd, &piece, piece.count)
                guard count > 0 else { return }
                if isCut(cut) {
                    cuts.add(1, ordering: .releasing)
                    return
                }
                guard write(to, piece, count) == count else { return }
            }
        }
    }
}
