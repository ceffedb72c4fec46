import MayflyCrypto
import MayflyModel
import Synchronization

/// Which certificates of clients are believed: those with a path to the operator's authorities, and for a while what
/// was found out about them.
///
/// A path holds for the seconds in which all of it is valid, so what was found once is asked of the clock alone after
/// that: a kept-alive connection costs no signature check for each request.
package final class ClientTrust: Sendable {
    /// What was found of a chain of certificates.
    private struct Finding: Sendable {
        let leaf: X509Certificate
        let validity: ClosedRange<Int64>
    }

    /// Findings that are kept; past it all are let go.
    static let maximumFindings = 4096

    private let validator: X509PathValidator?
    private let findings = Mutex<[SHA256Digest: Finding]>([:])

    /// Takes the certificates of root authorities in PEM; without any, no path holds.
    package init(authorities pem: [UInt8]?) throws(ClientTrustError) {
        do throws(X509Error) {
            validator = try pem.map { pem throws(X509Error) in
                try X509PathValidator(anchors: try X509Certificate.list(pem: pem).map(\.der))
            }
        } catch {
            throw ClientTrustError(description: "\(error)")
        }
    }

    /// Takes the authorities of one trust domain in DER; nil for those to which no path could lead.
    init?(authorities: [[UInt8]]) {
        guard let validator = try? X509PathValidator(anchors: authorities) else { return nil }
        self.validator = validator
    }

    /// The leaf, when its path to one of the authorities holds at `now`.
    func leaf(of certificate: PresentedCertificate, at now: Timestamp) -> X509Certificate? {
        if let known = findings.withLock({ $0[certificate.chainDigest] }) {
            return known.validity.contains(now.seconds) ? known.leaf : nil
        }
        guard let validator,
            let path = try? validator.validate(leaf: certificate.leaf, chain: certificate.others, at: now)
        else { return nil }
        findings.withLock { findings in
            if findings.count >= Self.maximumFindings { findings.removeAll() }
            findings[certificate.chainDigest] = Finding(leaf: path.leaf, validity: path.validity)
        }
        return path.leaf
    }
}

/// Why the file of authorities cannot be used.
package struct ClientTrustError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}
