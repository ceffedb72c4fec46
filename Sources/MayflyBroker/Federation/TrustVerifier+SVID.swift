import MayflyCrypto
import MayflyModel

/// X.509-SVIDs: workloads that are known by the certificate of their connection (X509-SVID §5).
extension TrustVerifier {
    /// What the certificate says, once it has a path to its own trust domain's authorities.
    ///
    /// Each trust domain has a store of its own, so that none vouches for another's names. The broker is not named in a
    /// certificate: what an audience does for a token, the connection does here.
    func verify(_ certificate: PresentedCertificate, at now: Timestamp) throws(TrustFault) -> Vouched<WorkloadToken> {
        guard let id = Self.claimed(certificate) else { throw .subject }
        let provider = try provider(.trustDomain(id.trustDomain))
        let trust: ClientTrust
        switch keys.authorities(of: provider) {
        case .needsFetch: return .needsKeys(of: provider)
        case .unavailable: throw .keysUnavailable
        case .none: throw .unknownKey
        case .trust(let found): trust = found
        }
        // The name that counts is that of the leaf whose path holds.
        guard let leaf = trust.leaf(of: certificate, at: now), let uri = try? leaf.svidURI(),
            uri.utf8.elementsEqual(id.text.utf8)
        else { throw .signature }
        return .found(
            WorkloadToken(
                provider: provider.id, subject: id.text, audience: nil, tokenID: nil,
                expiresAt: leaf.notAfter.seconds, claims: [:],
                // A certificate says nothing of it; a parameter must not stand in for what the provider's tokens say.
                composition: provider.spec.compositionClaim == nil ? .nobody : .missing))
    }
    /// The registered trust domain that a certificate claims to come from; nothing of it is checked.
    func provider(of certificate: PresentedCertificate) -> ProviderID? {
        Self.claimed(certificate).flatMap { id in try? provider(.trustDomain(id.trustDomain)).id }
    }

    private static func claimed(_ certificate: PresentedCertificate) -> SPIFFEID? {
        (try? X509Certificate(der: certificate.leaf).svidURI()).flatMap { SPIFFEID($0) }
    }
}
