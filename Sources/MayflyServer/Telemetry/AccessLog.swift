/// Where a line for each request goes, or for those that failed.
///
/// The server's threads call it: it must not block.
package protocol AccessLog: AnyObject, Sendable {
    /// Whether a request with that status gets a line; asked before anything is made for one.
    func wants(status: Int) -> Bool
    func note(_ line: AccessLine)
}

/// What is said of one request: nothing that the client chose freely but the trace id, which is hexadecimal.
package struct AccessLine: Equatable, Sendable {
    /// 32 lower-case hexadecimal digits.
    package let trace: String
    package let method: String
    /// The endpoint's template, or `none`.
    package let route: String
    package let status: Int
    package let microseconds: UInt64
}
