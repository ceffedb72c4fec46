internal import CGnuTLS
internal import MayflyBroker
internal import Synchronization

/// A certificate chain in PEM, leaf first, and its private key in PEM without a passphrase.
package struct TLSIdentity: Sendable {
    let chain: [UInt8]
    let key: [UInt8]

    package init(chain: [UInt8], key: [UInt8]) {
        (self.chain, self.key) = (chain, key)
    }

    /// Whether a listener could show it: the chain is one, and the key is its leaf's.
    package func check() throws(HTTPServerError) {
        _ = try TLSCertificate(self)
    }
}

/// What a listener that speaks TLS needs to know.
package struct TLSOptions: Sendable {
    let identity: TLSIdentity
    /// Whether a client is asked for a certificate, which it may leave out.
    let asksForCertificate: Bool

    package init(identity: TLSIdentity, asksForCertificate: Bool) {
        (self.identity, self.asksForCertificate) = (identity, asksForCertificate)
    }
}

/// What one listener shows, which can be changed while connections are open.
final class TLSListener: Sendable {
    private let asksForCertificate: Bool
    private let shown: Mutex<TLSCertificate>

    init(_ options: TLSOptions) throws(HTTPServerError) {
        asksForCertificate = options.asksForCertificate
        shown = Mutex(try TLSCertificate(options.identity))
    }

    /// What the next connection shows.
    var certificate: TLSCertificate { shown.withLock { $0 } }

    /// Shows this certificate on the next connections; those that are open stay as they are.
    func use(_ identity: TLSIdentity) throws(HTTPServerError) {
        let next = try TLSCertificate(identity)
        shown.withLock { $0 = next }
    }

    /// Prepares a new connection's session for its handshake.
    ///
    /// Answers what must be kept until the session has ended.
    func begin(_ session: UnsafeMutableRawPointer) -> TLSCertificate {
        let certificate = certificate
        unsafe certificate.begin(session, askingForCertificate: asksForCertificate)
        return certificate
    }

    /// The certificates that the other end has shown and proven to hold the key of.
    static func peer(_ session: UnsafeMutableRawPointer) -> PresentedCertificate? {
        var count: UInt32 = 0
        guard let peers = unsafe mayfly_tls_peers(session, &count) else { return nil }
        // One more than is looked at, so that too many are seen to be too many.
        let chain = unsafe UnsafeBufferPointer(
            start: peers, count: Int(min(count, UInt32(PresentedCertificate.maximumCount + 1)))
        )
        .map { datum in unsafe Array(UnsafeBufferPointer(start: datum.data, count: Int(datum.size))) }
        return PresentedCertificate(chain)
    }

    static func send(_ bytes: UnsafeRawBufferPointer, to session: UnsafeMutableRawPointer) {
        unsafe mayfly_tls_send(session, bytes.baseAddress, bytes.count)
    }
}
