/// Why a certificate, a name or a path could not be used; no case repeats what the certificate says.
package enum X509Error: Error, Equatable, Sendable {
    /// Not exactly one certificate in DER, or one with a part that cannot be read.
    case malformed
    case malformedPEM
    /// More bytes, or more certificates, than are looked at.
    case tooLarge
    /// A name in it has a NUL, another control character, or a byte that is not ASCII.
    case forbiddenName
    /// No certificate to begin a path with.
    case noAnchors
    /// An anchor that is no authority: not self-signed, or `CA`, `keyCertSign` or its key identifier are missing.
    case notAnAuthority
    /// The path does not hold; OpenSSL's `X509_V_ERR_` code.
    case notValid(code: Int32)
    /// A rule of X.509-SVIDs that the leaf does not keep.
    case notAnSVID(SVIDFault)
    case outOfMemory
}

extension X509Error: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed: "not one certificate in DER"
        case .malformedPEM: "not certificates in PEM alone"
        case .tooLarge: "too large, or too many certificates"
        case .forbiddenName: "a name in the certificate has characters that are not accepted"
        case .noAnchors: "there is no certificate of an authority"
        case .notAnAuthority:
            "a certificate is not that of a root authority: self-signed, with basicConstraints CA, keyUsage "
                + "keyCertSign, and a subjectKeyIdentifier"
        case .notValid(let code): "the certificate's path is not valid (OpenSSL \(code))"
        case .notAnSVID(let fault): "the certificate is no X.509-SVID: \(fault.rawValue)"
        case .outOfMemory: "out of memory"
        }
    }
}

/// What keeps a certificate from being an X.509-SVID (SPIFFE X.509-SVID §2 to §4).
package enum SVIDFault: String, Sendable {
    case uriCount = "exactly one URI name is needed"
    case authority = "it is an authority's"
    case keyUsage = "keyUsage must be critical, with digitalSignature, and without keyCertSign and cRLSign"
}
