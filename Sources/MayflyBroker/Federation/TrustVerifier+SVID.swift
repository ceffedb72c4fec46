import MayflyCrypto
import MayflyModel

/// X.509-SVIDs: workloads that are known by the certificate of their connection (X509-SVID §5).
extension TrustVerifier {
    /// What the certificate says, once it has a path to its own trust domain's authorities.
    ///
    /// Each trust domain has a store of its own, so that none vouches for another's names. The broker is not named in a
    /// certificate: what an audience does for a token, the connection does here.
    func verify(_ certificate: PresentedCertificate, at now: Timestamp) throws(TrustFault) -> Outcome {
        guard let claimed = try? X509Certificate(der: certificate.leaf).svidURI(), let id = SPIFFEID(claimed) else {
            throw .subject
        }
        let authority = ProviderSpec.Authority.trustDomain(id.trustDomain)
        guard let provider = state.read({ $0.providers.all { $0.spec.authority == authority }.first }) else {
            throw .unknownProvider
        }
        let trust: ClientTrust
        switch keys.authorities(of: provider) {
        case .needsFetch: return .needsKeys(provider)
        case .unavailable: throw .keysUnavailable
        case .none: throw .unknownKey
        case .trust(let found): trust = found
        }
        // The name that counts is that of the leaf whose path holds.
        guard let leaf = trust.leaf(of: certificate, at: now), let uri = try? leaf.svidURI(),
            uri.utf8.elementsEqual(id.text.utf8)
        else { throw .signature }
        return .verified(
            WorkloadToken(
                provider: provider.id, subject: id.text, audience: nil, tokenID: nil,
                expiresAt: leaf.notAfter.seconds, claims: [:],
                // A certificate says nothing of it; a parameter must not stand in for what the provider's tokens say.
                composition: provider.spec.compositionClaim == nil ? .nobody : .missing))
    }
}

extension ClientAuthenticator {
    /// Checks a workload by its X.509-SVID; `clientID` is the parameter that every such request has (RFC 8705 §2).
    func authenticate(
        svid certificate: PresentedCertificate, clientID: String
    ) throws(OAuthError) -> Authentication {
        let now = clock.now()
        let seenEpoch = state.read { $0.newestEpoch }
        do throws(TrustFault) {
            switch try trust.verify(certificate, at: now) {
            case .needsKeys(let provider): return .needsKeys(of: provider)
            case .verified(let workload):
                let agent = try trust.agent(for: workload, clientID: clientID, at: now)
                var client = AuthenticatedClient(
                    client: .agent(agent), mark: nil, seenEpoch: seenEpoch, certificate: certificate)
                client.composition.attested = workload.composition
                return .client(client)
            }
        } catch {
            refusals.note(claimed: clientID)
            throw error == .keysUnavailable ? Self.keysUnavailable : Self.refusal
        }
    }
}
