internal import Synchronization

/// A reference that is made when it is first asked for, and stays.
///
/// Reading it takes one load that is compiled in place: the library's own `AtomicLazyReference` is called as generic
/// code and takes hundreds of instructions.
@safe struct OnceReference<Object: AnyObject & Sendable>: ~Copyable, Sendable {
    /// Retained once for as long as it stands here.
    private let stored = unsafe Atomic<Unmanaged<Object>?>(nil)

    deinit { unsafe stored.load(ordering: .acquiring)?.release() }

    /// The object, if it was made.
    var value: Object? {
        unsafe stored.load(ordering: .acquiring)?.takeUnretainedValue()
    }

    /// The object; of several threads that make it at once, one succeeds and the others take its object.
    func value(orMake make: () -> Object) -> Object {
        if let value { return value }
        let made = unsafe Unmanaged.passRetained(make())
        let (isFirst, original) = unsafe stored.compareExchange(
            expected: nil, desired: made, ordering: .acquiringAndReleasing)
        guard !isFirst, let original = unsafe original else { return unsafe made.takeUnretainedValue() }
        unsafe made.release()
        return unsafe original.takeUnretainedValue()
    }
}
