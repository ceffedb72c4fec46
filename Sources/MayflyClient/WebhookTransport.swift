internal import Synchronization

/// Posts signed messages to one webhook over a connection that stays open.
///
/// Its address comes from the operator alone; redirects are not followed, and `http` is for this machine only.
package final class WebhookTransport: Sendable {
    private static let connectMilliseconds = 3000

    // The connection's own lock is held while a body is under way: libcurl allows one at a time on a handle.
    private let handle: Mutex<EasyHandle>
    private let url: ServerURL
    private let secret: WebhookSecret
    private let isCancelled = Cancellation()

    /// Makes a transport; nothing is connected yet.
    package init(url: String, secret: WebhookSecret) throws(ClientError) {
        self.url = try ServerURL(url)
        self.secret = secret
        handle = Mutex(try EasyHandle())
    }

    /// Posts a JSON body with its signature, within that time or about a second more; answers the status.
    ///
    /// `timestamp` is the time of the attempt, in seconds since 1970.
    package func post(_ body: [UInt8], id: String, timestamp: Int64, milliseconds: Int) throws(ClientError) -> Int {
        guard !isCancelled.isOn else { throw .timedOut }
        var request = ClientRequest("POST", url.text)
        request.headers = [
            (name: "Content-Type", value: "application/json"), (name: "webhook-id", value: id),
            (name: "webhook-timestamp", value: String(timestamp)),
            (name: "webhook-signature", value: try secret.signature(of: body, id: id, timestamp: timestamp)),
        ]
        request.body = body
        let patience = EasyHandle.Patience(
            connectMilliseconds: min(Self.connectMilliseconds, milliseconds), totalMilliseconds: milliseconds,
            isCancelled: { [isCancelled] in isCancelled.isOn })
        return try handle.withLock { handle throws(ClientError) in
            try handle.perform(request, isLoopback: url.isLoopback, patience: patience)
        }.status
    }

    /// Ends what is under way within about a second, and refuses what comes later.
    package func cancel() { isCancelled.set() }
}
