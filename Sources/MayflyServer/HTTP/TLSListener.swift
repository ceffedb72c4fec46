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
        _ = try TLSListener(TLSOptions(identity: self, asksForCertificate: false))
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

/// The certificate of one listener, which can be changed while connections are open.
///
/// `@unchecked Sendable`: the structure behind the pointer is read by handshakes through one atomic pointer, and
/// written only inside `changing`. What it points at never changes and lives as long as this object.
@safe final class TLSListener: @unchecked Sendable {
    private let tls: UnsafeMutablePointer<mayfly_tls>
    private let changing = Mutex(())

    init(_ options: TLSOptions) throws(HTTPServerError) {
        guard let tls = unsafe mayfly_tls_new(options.asksForCertificate ? 1 : 0) else { throw .cannotStart }
        unsafe self.tls = tls
        try use(options.identity)
    }

    deinit { unsafe mayfly_tls_free(tls) }

    /// Shows this certificate from the next handshake on; connections that are open stay as they are.
    func use(_ identity: TLSIdentity) throws(HTTPServerError) {
        let status = changing.withLock { _ in
            unsafe identity.chain.withUnsafeBytes { chain in
                unsafe identity.key.withUnsafeBytes { key in
                    unsafe mayfly_tls_use(tls, chain.baseAddress, chain.count, key.baseAddress, key.count)
                }
            }
        }
        guard status == 0 else { throw .certificate(code: status) }
    }

    /// Prepares a new connection's session for its handshake.
    func begin(_ session: UnsafeMutableRawPointer) {
        unsafe mayfly_tls_begin(session, tls)
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
