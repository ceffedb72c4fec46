internal import Glibc
internal import Synchronization

/// Writes lines to a descriptor from a thread of its own, so that a reader who has stopped reading holds nobody up.
///
/// The queue is bounded; what finds it full is dropped and counted.
package final class LineWriter: Sendable {
    /// Lines that wait.
    package static let maximumLines = 1024
    /// Bytes that wait.
    package static let maximumBytes = 256 * 1024

    private struct Queue {
        var bytes: [UInt8] = []
        var lines = 0
    }

    private let descriptor: Int32
    private let queue = Mutex(Queue())
    private let droppedCount = Atomic<UInt64>(0)
    private let stopping = Atomic<Bool>(false)
    private let wakeUp: WakeUp
    private let thread = Mutex<BackgroundThread?>(nil)

    /// Starts the thread; the descriptor stays the caller's, and open until `stop`.
    package init(descriptor: Int32) throws(HTTPServerError) {
        self.descriptor = descriptor
        wakeUp = try WakeUp()
        let thread = try BackgroundThread { [self] in run() }
        self.thread.withLock { $0 = thread }
    }

    package var dropped: UInt64 { droppedCount.load(ordering: .relaxed) }

    /// Queues a line; a line feed is added.
    package func write(_ line: String) {
        let isFirst = queue.withLock { queue -> Bool? in
            guard queue.lines < Self.maximumLines, line.utf8.count < Self.maximumBytes - queue.bytes.count else {
                return nil
            }
            queue.bytes.append(contentsOf: line.utf8)
            queue.bytes.append(UInt8(ascii: "\n"))
            queue.lines += 1
            return queue.lines == 1
        }
        guard let isFirst else {
            droppedCount.wrappingAdd(1, ordering: .relaxed)
            return
        }
        if isFirst { wakeUp.signal() }
    }

    /// Writes what waits, for a second at most, and takes nothing more.
    package func stop() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        stopping.store(true, ordering: .sequentiallyConsistent)
        wakeUp.signal()
        _ = thread.wait(within: .seconds(1))
    }

    private func run() {
        while true {
            let isLast = stopping.load(ordering: .sequentiallyConsistent)
            let (bytes, lines) = queue.withLock { queue -> ([UInt8], Int) in
                defer { queue = Queue() }
                return (queue.bytes, queue.lines)
            }
            if !deliver(bytes) { droppedCount.wrappingAdd(UInt64(lines), ordering: .relaxed) }
            if isLast { return }
            if bytes.isEmpty { wakeUp.wait(milliseconds: -1) }
        }
    }

    /// Whether the descriptor took everything.
    private func deliver(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&entry, 1, 1000)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
