internal import COpenSSL
package import MayflyModel

/// Validates certification paths (RFC 5280 §6) of TLS clients up to a fixed set of anchors, by OpenSSL.
///
/// Paths are held to the letter of RFC 5280, end at a self-signed anchor, and have at most `maximumIntermediates`
/// certificates between. Different trust domains need validators of their own: anchors of one never serve another.
///
/// `@unchecked Sendable`: openssl-threads(7) says "Objects are thread-safe as long as the API's being invoked don't
/// modify the object". Nothing is added to the store after it is made, what a look-up sorts in it is behind the store's
/// own lock (X509_STORE_lock(3)), and every validation has a context of its own.
@safe package final class X509PathValidator: @unchecked Sendable {
    /// Certificates between a leaf and its anchor.
    package static let maximumIntermediates = 4
    /// Certificates that come with a leaf, more than which are not looked at.
    package static let maximumChain = 6

    /// A leaf whose path holds, and from when until when it does.
    package struct Path: Equatable, Sendable {
        package let leaf: X509Certificate
        /// Seconds in which every certificate of the path is valid.
        package let validity: ClosedRange<Int64>
    }

    private let store: OpaquePointer  // X509_STORE *, owned here alone

    /// Takes the certificates of root authorities in DER.
    package init(anchors: [[UInt8]]) throws(X509Error) {
        guard !anchors.isEmpty else { throw .noAnchors }
        guard anchors.count <= X509Certificate.maximumCount else { throw .tooLarge }
        guard let store = unsafe X509_STORE_new() else { throw .outOfMemory }
        unsafe self.store = store
        for der in anchors {
            let anchor = try X509Handle.read(der)
            try Self.check(anchor, X509Certificate(anchor, der: der))
            guard unsafe X509_STORE_add_cert(store, anchor.pointer) == 1 else {
                ERR_clear_error()
                throw .outOfMemory
            }
        }
    }

    deinit { unsafe X509_STORE_free(store) }

    /// Refuses at once what no path could end at.
    private static func check(_ handle: borrowing X509Handle, _ anchor: X509Certificate) throws(X509Error) {
        let isSelfSigned = unsafe X509_self_signed(handle.pointer, 1) == 1
        let hasKeyID = unsafe X509_get0_subject_key_id(handle.pointer) != nil
        guard isSelfSigned, hasKeyID, anchor.isAuthority, anchor.keyUsage?.certificateSigning == true else {
            ERR_clear_error()
            throw .notAnAuthority
        }
    }

    /// The path of a leaf, with the certificates that came with it in any order, both in DER; throws unless it holds
    /// at `moment` and the leaf is one that a TLS client may show.
    package func validate(
        leaf der: [UInt8], chain: some Collection<[UInt8]>, at moment: Timestamp
    ) throws(X509Error) -> Path {
        guard chain.count < Self.maximumChain else { throw .tooLarge }
        let handle = try X509Handle.read(der)
        // What the leaf says is read first: names that are refused need no path.
        let leaf = try X509Certificate(handle, der: der)
        let others = try CertificateStack.of(chain)
        guard let context = unsafe X509_STORE_CTX_new() else { throw .outOfMemory }
        defer {
            unsafe X509_STORE_CTX_free(context)
            ERR_clear_error()
        }
        guard unsafe X509_STORE_CTX_init(context, store, handle.pointer, others.pointer) == 1,
            unsafe mayfly_path_rules(context, moment.seconds, Int32(Self.maximumIntermediates)) == 1
        else { throw .outOfMemory }
        guard unsafe X509_verify_cert(context) == 1 else {
            throw .notValid(code: unsafe X509_STORE_CTX_get_error(context))
        }
        let path = unsafe X509_STORE_CTX_get0_chain(context)
        var (first, last) = (leaf.notBefore.seconds, leaf.notAfter.seconds)
        for index in 0..<max(0, unsafe mayfly_certificates_count(path)) {
            let certificate = unsafe mayfly_certificates_at(path, index)
            first = max(first, unsafe mayfly_seconds(X509_get0_notBefore(certificate)))
            last = min(last, unsafe mayfly_seconds(X509_get0_notAfter(certificate)))
        }
        guard first <= last else { throw .notValid(code: X509_V_ERR_CERT_HAS_EXPIRED) }
        return Path(leaf: leaf, validity: first...last)
    }
}

/// Owns a stack of certificates and what is on it.
@safe private struct CertificateStack: ~Copyable {
    let pointer: OpaquePointer  // STACK_OF(X509) *, owned here alone

    static func of(_ chain: some Collection<[UInt8]>) throws(X509Error) -> CertificateStack {
        guard let pointer = unsafe mayfly_certificates_new() else { throw .outOfMemory }
        let stack = unsafe CertificateStack(adopting: pointer)
        for der in chain { try stack.push(try X509Handle.read(der)) }
        return stack
    }

    private init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    private func push(_ certificate: borrowing X509Handle) throws(X509Error) {
        guard unsafe X509_up_ref(certificate.pointer) == 1 else { throw .outOfMemory }
        guard unsafe mayfly_certificates_push(pointer, certificate.pointer) == 1 else {
            unsafe X509_free(certificate.pointer)
            throw .outOfMemory
        }
    }

    deinit {
        for index in 0..<max(0, unsafe mayfly_certificates_count(pointer)) {
            unsafe X509_free(mayfly_certificates_at(pointer, index))
        }
        unsafe mayfly_certificates_free(pointer)
    }
}
