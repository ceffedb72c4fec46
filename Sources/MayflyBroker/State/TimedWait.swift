internal import Glibc

/// A wait that another thread can end, by a clock that nobody sets.
///
/// Dispatch's timers would do, and cost three system calls and two threads to be woken for each wait; its semaphores go
/// by the wall clock and stand still when that is set back. Unchecked because the mutex and the condition are made for
/// several threads, and the flag is touched only under the mutex.
@safe final class TimedWait: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var isEnded = false

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Ends the wait under way, or else the next one.
    func end() {
        unsafe pthread_mutex_lock(mutex)
        isEnded = true
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Waits until somebody ends it, at most that long.
    func wait(nanoseconds: Int64) {
        var deadline = timespec()
        guard nanoseconds > 0, unsafe clock_gettime(CLOCK_MONOTONIC, &deadline) == 0 else { return }
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        deadline.tv_nsec += Int(rest)
        deadline.tv_sec += Int(seconds) + deadline.tv_nsec / 1_000_000_000
        deadline.tv_nsec %= 1_000_000_000
        unsafe pthread_mutex_lock(mutex)
        while !isEnded, unsafe pthread_cond_timedwait(condition, mutex, &deadline) == 0 {}
        isEnded = false
        unsafe pthread_mutex_unlock(mutex)
    }
}
