import Glibc
import MayflyServer
import Synchronization

/// Echoes requests, and measures how busy the thread is that last did.
final class BusyTime: Sendable {
    private let clock = Mutex<clockid_t>(0)

    var handler: FakeHandler {
        FakeHandler { [self] request in
            var own: clockid_t = 0
            guard pthread_getcpuclockid(pthread_self(), &own) == 0 else { return .reply(HTTPReply(status: 500)) }
            clock.withLock { $0 = own }
            return .reply(HTTPReply(status: 200, body: request.body))
        }
    }

    /// The part of half a second for which the thread has a processor; it must not end meanwhile.
    func measure() -> Double {
        let clock = clock.withLock { $0 }
        let (before, start) = (seconds(clock), seconds(CLOCK_MONOTONIC))
        usleep(500_000)
        return (seconds(clock) - before) / (seconds(CLOCK_MONOTONIC) - start)
    }

    private func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension HTTPLimits {
    /// One thread does everything.
    static var oneThread: HTTPLimits {
        var limits = HTTPLimits.patient
        limits.threads = 1
        return limits
    }
}
