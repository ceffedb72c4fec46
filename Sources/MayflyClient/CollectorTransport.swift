internal import Synchronization

/// Takes telemetry to a collector over one connection that stays open.
///
/// The collector may be another machine that is reached by plain `http`: what it gets holds no token and no secret, and
/// the operator alone names it. Redirects are not followed.
package final class CollectorTransport: Sendable {
    private static let connectMilliseconds = 1000

    // The connection's own lock is held while a body is under way: libcurl allows one at a time on a handle.
    private let handle: Mutex<EasyHandle>
    private let url: ServerURL
    private let isCancelled = Cancellation()

    /// Makes a transport; nothing is connected yet.
    package init(endpoint: String) throws(ClientError) {
        url = try ServerURL(endpoint, mayBePlain: true)
        handle = Mutex(try EasyHandle())
    }

    /// Posts a JSON body, within that time or about a second more; whether the collector took it.
    package func send(_ body: [UInt8], milliseconds: Int) -> Bool {
        guard !isCancelled.isOn else { return false }
        var request = ClientRequest("POST", url.text)
        request.headers = [(name: "Content-Type", value: "application/json")]
        request.body = body
        let patience = EasyHandle.Patience(
            connectMilliseconds: min(Self.connectMilliseconds, milliseconds), totalMilliseconds: milliseconds,
            isCancelled: { [isCancelled] in isCancelled.isOn })
        let answer = handle.withLock { handle in
            try? handle.perform(request, isLoopback: url.isLoopback, patience: patience)
        }
        return answer?.isSuccess ?? false
    }

    /// Ends what is under way within about a second, and refuses what comes later.
    package func cancel() { isCancelled.set() }
}
