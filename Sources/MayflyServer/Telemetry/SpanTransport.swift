/// Takes encoded spans to a collector.
///
/// One thread calls `send`, another one may call `cancel`.
package protocol SpanTransport: Sendable {
    /// Sends an OTLP/HTTP JSON body; whether the collector took it.
    ///
    /// Returns within the given milliseconds, or soon after.
    func send(_ body: [UInt8], milliseconds: Int) -> Bool

    /// Ends a `send` that is under way, and every later one, early.
    func cancel()
}
