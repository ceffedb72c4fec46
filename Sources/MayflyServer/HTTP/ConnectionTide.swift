/// Tells when so many connections have closed that what they held is worth giving back to the system.
struct ConnectionTide {
    /// Of 16 KiB each; fewer are not worth a walk through the whole heap.
    static let least = 256
    /// The most since it last told.
    private var peak = 0
    /// Whether they have gone, as it was seen when it was last asked.
    private var isLow = false

    /// Notes that `count` are open.
    mutating func rise(to count: Int) { peak = max(peak, count) }

    /// Whether at least half of them, and not few, were gone when it was last asked; `count` are open.
    ///
    /// Not as soon as they are gone: the library frees what a connection held after it has said that it is closed.
    mutating func takeEbb(at count: Int) -> Bool {
        guard !isLow else {
            (isLow, peak) = (false, count)
            return true
        }
        isLow = peak - count >= max(Self.least, count)
        return false
    }
}
