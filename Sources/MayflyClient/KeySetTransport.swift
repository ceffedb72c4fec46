/// Fetches the documents in which identity providers describe themselves and publish their keys.
///
/// The URLs come from administrators and from the providers themselves, so each address is looked at when it is about
/// to be connected to, after every name was resolved. No redirect is followed, no proxy is used, and every fetch has a
/// connection of its own.
package struct KeySetTransport: Sendable {
    package static let maximumBody = 256 * 1024
    package static let connectMilliseconds = 2000
    package static let totalMilliseconds = 5000

    /// Whether addresses of this machine and its link may be reached, and `http` there.
    private let mayBeLocal: Bool
    private let caFile: String?

    package init(mayBeLocal: Bool, caFile: String?) {
        (self.mayBeLocal, self.caFile) = (mayBeLocal, caFile)
    }

    /// Fetches `url` and waits for the whole answer, whatever its status.
    package func get(_ url: String) throws(ClientError) -> ClientAnswer {
        let parsed = try ServerURL(url)
        guard mayBeLocal || !parsed.isLoopback else { throw .localAddress }
        var request = ClientRequest("GET", url)
        request.headers = [(name: "Accept", value: "application/json")]
        let patience = EasyHandle.Patience(
            connectMilliseconds: Self.connectMilliseconds, totalMilliseconds: Self.totalMilliseconds,
            maximumBody: Self.maximumBody, mayBeLocal: mayBeLocal)
        return try EasyHandle(tls: ClientTLS(authorityFile: caFile)).perform(
            request, isLoopback: parsed.isLoopback, patience: patience)
    }
}
