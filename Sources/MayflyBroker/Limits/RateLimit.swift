/// How often one client may do something: `rate` times a second on average, `burst` times at once.
package struct RateLimit: Equatable, Sendable {
    /// Per second; 1 to `maximumRate`.
    package let rate: Int64
    /// 1 to `maximumBurst`.
    package let burst: Int64

    package static let maximumRate: Int64 = 1_000_000
    package static let maximumBurst: Int64 = 1_000_000

    /// Values outside of the ranges are taken to their ends.
    package init(rate: Int64, burst: Int64) {
        self.rate = min(max(1, rate), Self.maximumRate)
        self.burst = min(max(1, burst), Self.maximumBurst)
    }

    /// Nanoseconds in which one more is earned, rounded up: never more than `burst + rate × time` get through.
    var interval: Int64 { (1_000_000_000 + rate - 1) / rate }
}
