import Glibc
import PostgresHarness
import Synchronization

/// Stands between a broker and its database, and lets less through than a sound network does.
///
/// It listens on a Unix socket in a folder of its own, under the name that libpq looks for.
final class DatabaseLink: Sendable {
    enum Mode: Equatable, Sendable {
        case open
        /// Every connection breaks, and no new one comes about.
        case cut
        /// What the broker says arrives, and what the database answers stays on the way.
        case holdAnswers
        /// Nothing arrives.
        case holdAll
        /// Everything arrives so many milliseconds late, one piece after the other.
        case slow(Int32)
        /// Every connection breaks after so many pieces; new ones come about.
        case breakEvery(Int)
    }

    /// The folder of its socket.
    let folder: String
    private let listener: Int32
    private let server: String
    private let mode = Mutex(Mode.open)
    /// By connection, what becomes readable when the mode changes.
    private let bells = Mutex<[Int32: Int32]>([:])
    private let pieces = Atomic(0)

    init(_ server: PostgresServer) throws {
        var template = Array("/tmp/mayfly-link-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw HarnessError.system("cannot make a folder") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        listener = try Self.socket()
        self.server = server.folder
        guard PostgresSocket.address(folder, with: { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
            throw HarnessError.system("cannot listen in \(folder)")
        }
        PostgresSocket.spawn { [self] in acceptAll() }
    }

    /// Ends everything.
    func stop() {
        set(.cut)
        shutdown(listener, Int32(SHUT_RDWR))
        unlink(folder + "/.s.PGSQL.5432")
        rmdir(folder)
    }

    func set(_ mode: Mode) {
        self.mode.withLock { $0 = mode }
        bells.withLock {
            for bell in $0.values { _ = send(bell, [1] as [UInt8], 1, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
        }
    }

    private var current: Mode { mode.withLock { $0 } }

    private func acceptAll() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else {
                close(listener)
                return
            }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard current != .cut, let upstream = try? Self.socket() else {
                close(client)
                continue
            }
            guard PostgresSocket.address(server, with: { connect(upstream, $0, $1) }) == 0 else {
                close(upstream)
                close(client)
                continue
            }
            PostgresSocket.spawn { [self] in carry(client, upstream) }
        }
    }

    private func carry(_ client: Int32, _ upstream: Int32) {
        var bell: [Int32] = [-1, -1]
        defer {
            bells.withLock { $0[client] = nil }
            for end in bell + [client, upstream] {
                // A program that was started just now may have a copy.
                shutdown(end, Int32(SHUT_RDWR))
                close(end)
            }
        }
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &bell) == 0 else { return }
        bells.withLock { $0[client] = bell[0] }
        while current != .cut {
            let mode = current
            var ends = [
                pollfd(fd: client, events: Int16(mode == .holdAll ? 0 : POLLIN), revents: 0),
                pollfd(fd: upstream, events: Int16(mode == .holdAll || mode == .holdAnswers ? 0 : POLLIN), revents: 0),
                pollfd(fd: bell[1], events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&ends, 3, -1) > 0 else { return }
            if ends[2].revents != 0 {
                var rings = [UInt8](repeating: 0, count: 16)
                guard recv(bell[1], &rings, rings.count, 0) > 0 else { return }
                continue
            }
            // An end that is closed is told also where nothing is to be read from it.
            guard (ends[0].revents | ends[1].revents) & Int16(POLLERR | POLLNVAL) == 0 else { return }
            for (from, to) in [(0, upstream), (1, client)] where ends[from].revents != 0 {
                guard ends[from].events != 0 else { return }
                guard pass(ends[from].fd, to, bell[1], mode) else { return }
            }
        }
    }

    /// Takes one piece across; false when the connection is over.
    private func pass(_ from: Int32, _ to: Int32, _ bell: Int32, _ mode: Mode) -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = recv(from, &piece, piece.count, 0)
        guard count > 0 else { return false }
        switch mode {
        case .slow(let milliseconds):
            var entry = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, milliseconds)
        case .breakEvery(let number):
            if pieces.add(1, ordering: .relaxed).newValue % number == 0 { return false }
        case .open, .cut, .holdAnswers, .holdAll: break
        }
        var rest = piece[..<count]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    private static func socket() throws -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw HarnessError.system("cannot make a socket") }
        return descriptor
    }
}
