internal import Glibc
internal import MayflyBroker

/// Wakes a thread that waits for file descriptors: a pipe, of which one end becomes readable.
@safe final class Bell: Sendable {
    /// The end to wait for.
    let handle: Int32
    private let input: Int32

    init() throws(StoreError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .inputOutput(code: -Int(errno)) }
        (handle, input) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(handle)
        close(input)
    }

    func ring() {
        // A pipe that is full is readable too.
        var byte: UInt8 = 1
        _ = unsafe write(input, &byte, 1)
    }

    /// Returns when it rings, or when the time is over.
    func wait(milliseconds: Int64) {
        var entry = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
        if unsafe poll(&entry, 1, Int32(clamping: max(0, milliseconds))) > 0 { answer() }
    }

    /// Makes it quiet again.
    func answer() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while unsafe read(handle, &bytes, bytes.count) == bytes.count {}
    }
}
