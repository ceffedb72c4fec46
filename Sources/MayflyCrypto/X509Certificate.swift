internal import COpenSSL
package import MayflyModel

/// What a certificate says (RFC 5280); whether to believe it is `X509PathValidator`'s to say.
package struct X509Certificate: Equatable, Sendable {
    /// Bytes of DER.
    package static let maximumLength = 16_384

    package let der: [UInt8]
    /// SHA-256 of the DER.
    package let digest: SHA256Digest
    /// The digest as `x5t#S256` has it (RFC 8705 §3.1).
    package let thumbprint: String
    package let subject: DistinguishedName
    package let names: X509Names
    /// The first and the last second in which it is valid.
    package let notBefore: Timestamp
    package let notAfter: Timestamp
    package let isAuthority: Bool
    /// Nil when it says nothing of what its key is for.
    package let keyUsage: KeyUsage?

    /// RFC 5280 §4.2.1.3, as far as it matters here.
    package struct KeyUsage: Equatable, Sendable {
        package let isCritical: Bool
        package let digitalSignature: Bool
        package let certificateSigning: Bool
        package let listSigning: Bool
    }

    /// Reads exactly one certificate in DER.
    package init(der: [UInt8]) throws(X509Error) {
        let handle = try X509Handle.read(der)
        try self.init(handle, der: der)
    }

    init(_ handle: borrowing X509Handle, der: [UInt8]) throws(X509Error) {
        self.der = der
        digest = SHA256.digest(of: der)
        thumbprint = Self.thumbprint(of: digest)
        names = try X509Names(handle)
        let certificate = unsafe handle.pointer
        let first = unsafe mayfly_seconds(X509_get0_notBefore(certificate))
        let last = unsafe mayfly_seconds(X509_get0_notAfter(certificate))
        guard first >= 0, last >= first else {
            ERR_clear_error()
            throw .malformed
        }
        (notBefore, notAfter) = (Timestamp(seconds: first), Timestamp(seconds: last))
        let name = unsafe X509Handle.bytes { unsafe i2d_X509_NAME(X509_get_subject_name(certificate), $0) }
        subject = DistinguishedName(der: name)
        let flags = unsafe X509_get_extension_flags(certificate)
        guard flags & UInt32(EXFLAG_INVALID) == 0 else {
            ERR_clear_error()
            throw .malformed
        }
        isAuthority = flags & UInt32(EXFLAG_CA) != 0
        keyUsage = Self.keyUsage(handle)
    }

    /// base64url without padding.
    package static func thumbprint(of digest: SHA256Digest) -> String { Base64URL.encode(digest.bytes) }

    /// Whether `text` could be an `x5t#S256`.
    package static func isThumbprint(_ text: String) -> Bool {
        Base64URL.decode(text)?.count == SHA256Digest.byteCount
    }

    package func isValid(at moment: Timestamp) -> Bool {
        notBefore <= moment && moment.seconds <= notAfter.seconds
    }

    /// The key in it; nil for one of a kind that Mayfly does not verify with.
    package var publicKey: PublicKey? {
        guard let handle = try? X509Handle.read(der), let key = unsafe X509_get_pubkey(handle.pointer) else {
            ERR_clear_error()
            return nil
        }
        let parsed = unsafe KeyHandle(adopting: key)
        guard let (algorithm, material) = try? PrivateKey.inspect(parsed) else { return nil }
        return try? PublicKey(material, for: algorithm == .rs256 ? [.rs256, .ps256] : [algorithm])
    }

    private static func keyUsage(_ handle: borrowing X509Handle) -> KeyUsage? {
        let certificate = unsafe handle.pointer
        let index = unsafe X509_get_ext_by_NID(certificate, NID_key_usage, -1)
        guard index >= 0, let found = unsafe X509_get_ext(certificate, index) else { return nil }
        let bits = unsafe X509_get_key_usage(certificate)
        return KeyUsage(
            isCritical: unsafe X509_EXTENSION_get_critical(found) == 1,
            digitalSignature: bits & UInt32(KU_DIGITAL_SIGNATURE) != 0,
            certificateSigning: bits & UInt32(KU_KEY_CERT_SIGN) != 0,
            listSigning: bits & UInt32(KU_CRL_SIGN) != 0)
    }
}

extension X509Certificate {
    /// The one URI of an X.509-SVID; throws unless the leaf keeps the rules that SPIFFE has for it.
    ///
    /// It says nothing of the path, and nothing of the URI's form: a trust domain's anchors and name belong together,
    /// and are the caller's to compare.
    package func svidURI() throws(X509Error) -> String {
        guard names.uris.count == 1, let uri = names.uris.first else { throw .notAnSVID(.uriCount) }
        guard !isAuthority else { throw .notAnSVID(.authority) }
        guard let keyUsage, keyUsage.isCritical, keyUsage.digitalSignature, !keyUsage.certificateSigning,
            !keyUsage.listSigning
        else { throw .notAnSVID(.keyUsage) }
        return uri
    }
}
