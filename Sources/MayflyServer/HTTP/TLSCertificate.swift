internal import CGnuTLS

/// A certificate chain and its key as GnuTLS has them, which end with the last connection that may use them.
///
/// `@unchecked Sendable`: nothing changes what the pointer points at until it is freed, when nobody has this object.
@safe final class TLSCertificate: @unchecked Sendable {
    private let certificate: UnsafeMutablePointer<mayfly_tls_certificate>

    init(_ identity: TLSIdentity) throws(HTTPServerError) {
        var status: Int32 = 0
        let certificate = unsafe identity.chain.withUnsafeBytes { chain in
            unsafe identity.key.withUnsafeBytes { key in
                unsafe mayfly_tls_certificate_new(chain.baseAddress, chain.count, key.baseAddress, key.count, &status)
            }
        }
        guard let certificate = unsafe certificate else { throw .certificate(code: status) }
        unsafe self.certificate = certificate
    }

    deinit { unsafe mayfly_tls_certificate_free(certificate) }

    /// Prepares a new connection's session for its handshake; this must outlive the session.
    func begin(_ session: UnsafeMutableRawPointer, askingForCertificate asks: Bool) {
        unsafe mayfly_tls_begin(session, certificate, asks ? 1 : 0)
    }
}
