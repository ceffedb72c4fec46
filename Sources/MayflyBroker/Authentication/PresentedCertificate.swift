import MayflyCrypto

/// The certificates that came with a connection or were passed on by a proxy, as bytes that nobody has judged yet.
///
/// Whoever makes one vouches that the client has proven to hold the leaf's key.
package final class PresentedCertificate: Sendable {
    /// Certificates that are looked at; with more of them none is believed.
    package static let maximumCount = X509PathValidator.maximumChain

    let leaf: [UInt8]
    let others: [[UInt8]]
    /// The leaf's `x5t#S256` (RFC 8705 §3.1).
    package let thumbprint: String
    /// Of all the bytes, with the length of each certificate before it.
    let chainDigest: SHA256Digest

    /// Takes certificates in DER, the leaf first; nil for none.
    package init?(_ chain: [[UInt8]]) {
        guard let leaf = chain.first else { return nil }
        self.leaf = leaf
        others = Array(chain.dropFirst())
        thumbprint = X509Certificate.thumbprint(of: SHA256.digest(of: leaf))
        var all: [UInt8] = []
        for certificate in chain {
            for shift in stride(from: 24, through: 0, by: -8) {
                all.append(UInt8(truncatingIfNeeded: certificate.count >> shift))
            }
            all += certificate
        }
        chainDigest = SHA256.digest(of: all)
    }
}

extension PresentedCertificate: Equatable {
    package static func == (left: PresentedCertificate, right: PresentedCertificate) -> Bool {
        left === right || left.chainDigest == right.chainDigest
    }
}
