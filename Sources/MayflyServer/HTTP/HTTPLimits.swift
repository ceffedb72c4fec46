internal import Glibc

/// The bounds within which one client can use the server.
package struct HTTPLimits: Equatable, Sendable {
    /// Bytes of a body, unless the handler admits a larger one.
    package var maximumBody = 65_536
    /// Bytes of a body that the handler may admit.
    package var maximumLargeBody = 1_000_000
    /// Bytes of a request line and header together.
    package var maximumHeader = 8192
    /// From the end of one reply to the next complete request line on the same connection.
    package var idleTimeout: Duration = .seconds(10)
    /// From the accepted connection, or a later request's line, to the end of the header.
    package var headerDeadline: Duration = .seconds(10)
    /// From the end of the header to the end of the body.
    package var bodyDeadline: Duration = .seconds(20)
    /// From the header, or the last piece of a chunked body, to the next piece or the end.
    ///
    /// A line between two chunks that fills the library's memory is never answered by it, and read again at every look.
    package var pieceDeadline: Duration = .seconds(2)
    /// From the queued reply until the client has taken the last byte of it.
    package var replyDeadline: Duration = .seconds(60)
    /// How long `stop()` waits for accepted requests.
    package var drainTime: Duration = .seconds(10)
    /// Open connections; more wait in the backlog, and an eighth below it the longest waiting are closed.
    package var maximumConnections = 1024
    /// Threads that read requests and run the handler; nil for one per active processor.
    package var threads: Int?

    package init() {}

    /// Seconds after which a reply that its client does not take may be given up for a new connection.
    static let slowReply: Duration = .seconds(5)

    /// More connections than these, and the longest waiting are closed.
    var crowdedConnections: Int { maximumConnections - maximumConnections / 8 }

    /// As many stay then.
    var relievedConnections: Int { maximumConnections - maximumConnections / 4 }

    /// Processors of the machine that are in use.
    package static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
