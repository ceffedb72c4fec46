internal import Glibc

/// A program with a pipe to its input and one from its output and errors.
struct Runner: ~Copyable {
    private let pid: pid_t
    /// One end of a pair of sockets; the other is the program's input and output.
    private let channel: Int32
    private var received: [UInt8] = []

    init(_ program: String, _ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        // Closed on exec from the beginning: another test may start a program right now, and must not keep it open.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw HarnessFailure("cannot make a pipe")
        }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_adddup2(&actions, ends[1], descriptor)
        }
        let words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = [
            strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), nil,
        ]
        defer { (words + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, program, &actions, nil, words, variables)
        guard code == 0 else {
            close(ends[0])
            throw HarnessFailure("cannot start \(program): \(code)")
        }
        self.pid = pid
        channel = ends[0]
    }

    deinit {
        close(channel)
        // A program that reads its input sees the end of it now, and ends by itself.
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(channel, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw HarnessFailure("the program has ended")
        }
    }

    /// The next line.
    mutating func line() throws -> String {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            guard try readMore() else { throw HarnessFailure(String(decoding: received, as: UTF8.self)) }
        }
    }

    /// Everything up to the end, without the last line break.
    mutating func remainingOutput() throws -> String {
        shutdown(channel, Int32(SHUT_WR))
        while try readMore() {}
        if received.last == UInt8(ascii: "\n") { received.removeLast() }
        return String(decoding: received, as: UTF8.self)
    }

    private mutating func readMore() throws -> Bool {
        var entry = pollfd(fd: channel, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 60_000) > 0 else { throw HarnessFailure("no answer within a minute") }
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = read(channel, &piece, piece.count)
        if count > 0 { received += piece.prefix(count) }
        return count > 0
    }

    mutating func wait() throws -> Int32 {
        var status: Int32 = 0
        guard waitpid(pid, &status, 0) == pid else { throw HarnessFailure("cannot wait for \(pid)") }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }
}
