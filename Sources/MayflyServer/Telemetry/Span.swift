/// One request, as a server span.
struct Span: Sendable {
    let trace: TraceIdentity
    let identifier: UInt64
    /// The caller's `tracestate`.
    let state: String?
    /// The endpoint's place, or `RequestDurations.noRoute`.
    let route: Int
    let method: HTTPMethod
    let status: Int
    /// Nanoseconds since 1970.
    let start: UInt64
    let end: UInt64
}
