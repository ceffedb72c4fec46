internal import Glibc

/// A wait that another thread can end: a pipe that nobody blocks on.
final class WakeUp: Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    init() throws(HTTPServerError) {
        var ends: (Int32, Int32) = (-1, -1)
        let status = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe pipe($0) }
        }
        guard status == 0 else { throw .cannotStart }
        (readEnd, writeEnd) = ends
        for end in [readEnd, writeEnd] {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Ends a wait under way, or the next one.
    ///
    /// A full pipe is as good as a written one.
    func signal() {
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
    }

    /// Waits for a signal, at most that long; returns early when a signal handler runs.
    func wait(milliseconds: Int32) {
        var entry = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, milliseconds) > 0 else { return }
        forget()
    }

    /// Waits for a signal, or until `descriptor` can be read, and tells whether there was a signal.
    ///
    /// At most that many milliseconds, -1 for no limit; returns early when a signal handler runs.
    func wait(orFor descriptor: Int32, milliseconds: Int32) -> Bool {
        var entries = (
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        )
        let count = unsafe withUnsafeMutablePointer(to: &entries) { pointer in
            unsafe pointer.withMemoryRebound(to: pollfd.self, capacity: 2) { unsafe poll($0, 2, milliseconds) }
        }
        guard count > 0, entries.0.revents != 0 else { return false }
        forget()
        return true
    }

    private func forget() {
        var bytes: (UInt64, UInt64) = (0, 0)
        _ = unsafe read(readEnd, &bytes, 16)
    }
}
