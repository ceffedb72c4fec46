/// The bounds of what people can be asked to approve; each has a test.
package enum ApprovalLimits {
    /// Requests of one agent that wait for people.
    ///
    /// One counts until it is decided, or forgotten some time after its window.
    package static let pendingPerAgent = 16
    /// Requests in all that wait for people.
    package static let pending = 2048
    /// Actions of one agent that wait for people, of the places that it has in all.
    ///
    /// A tool can take no more: the agent's own requests for tokens keep the rest.
    package static let actionsPerAgent = 8
    /// Actions at one resource that wait for people, whatever the number of agents whose tokens it sees.
    package static let actionsPerResource = 256
    /// Different terms of one request.
    package static let terms = 16
    /// Bytes of the canonical form of one request.
    package static let subjectBytes = 16_384
    /// Bytes of an action's name, and of its thing's type and id.
    package static let nameBytes = 1024
    /// Bytes of the text that a client shows with its request.
    package static let messageBytes = 256
    /// Seconds; the shortest window that a client may ask for.
    package static let shortestExpiry: Int64 = 10
    /// Seconds between two polls, at first (CIBA Core 1.0 §7.3).
    package static let interval: Int64 = 5
    /// Seconds by which each poll that comes too soon makes the interval longer (RFC 8628 §3.5).
    package static let intervalStep: Int64 = 5
    /// Seconds; the interval grows no longer.
    package static let longestInterval: Int64 = 300
    /// Seconds for which a request is remembered past its window, so that its client hears what became of it.
    package static let memory: Int64 = 60
    /// Random bytes of an `auth_req_id`; CIBA Core 1.0 §7.3 asks for 16 at least.
    package static let idBytes = 20
}
