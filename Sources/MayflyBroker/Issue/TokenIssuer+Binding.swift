import MayflyModel

/// Keys and certificates that tokens are bound to (RFC 9449 §5, RFC 8705 §3).
///
/// Nothing that is made from a bound token is a bearer token.
extension TokenIssuer {
    /// What an access token is bound to; nil for a bearer token and for a ticket, which is used up at the broker.
    ///
    /// A proof is always bound to, since it is sent for nothing else. A certificate is, where the agent or the parent
    /// demands it: a connection may show one for other reasons. Throws where the agent, the resource or the parent
    /// demands what was not proven. `MintCommand` need not look again: demanding it anew is a right less, so it takes a
    /// new epoch.
    func confirmation(of minting: Minting, to client: AuthenticatedClient) throws(OAuthError) -> Confirmation? {
        guard minting.kind == .accessToken else { return nil }
        let (agent, resource) = (minting.view.agent.spec, minting.view.resource.spec)
        if agent.demandsCertificate {
            guard !resource.demandsBinding, client.proof == nil else { throw Self.keyUnwanted }
            guard let certificate = client.certificate else { throw Self.certificateMissing }
            return .certificate(thumbprint: certificate.thumbprint)
        }
        if let proof = client.proof { return .key(thumbprint: proof.thumbprint) }
        guard !agent.demandsBinding, !resource.demandsBinding else { throw Self.proofMissing }
        guard minting.demandsBinding else { return nil }
        guard let certificate = client.certificate else { throw Self.proofMissing }
        return .certificate(thumbprint: certificate.thumbprint)
    }

    /// Refuses a token that is shown for delegation by one who has not proven to hold its key.
    ///
    /// A token bound to a key is of no use to whoever has only seen it, at the broker as little as at a tool. So its
    /// holder alone exchanges it, and hands rights on by a ticket. A proof that names a token must name this one.
    func checkPossession(
        of parent: TokenClaims, _ compact: [UInt8], by client: AuthenticatedClient
    ) throws(OAuthError) {
        if let hash = client.proof?.tokenHash {
            guard hash.utf8.elementsEqual(DPoPProof.hash(of: compact[...]).utf8) else {
                throw ProofFault.tokenHash.refusal
            }
        }
        try checkKey(of: parent, by: client)
    }

    /// Refuses a bound token whose key the request has not proven to hold.
    func checkKey(of token: TokenClaims, by client: AuthenticatedClient) throws(OAuthError) {
        switch token.confirmation {
        case nil: return
        case .key(let bound):
            guard let proof = client.proof else { throw Self.proofMissing }
            guard proof.thumbprint.utf8.elementsEqual(bound.utf8) else { throw ProofFault.binding.refusal }
        case .certificate:
            guard token.confirmation?.isCertificate(client.certificate) ?? false else {
                throw Self.certificateMissing
            }
        }
    }

    private static let proofMissing = OAuthError(
        .invalidDPoPProof, "a token bound to a key is needed here: send a DPoP proof (RFC 9449)")

    private static let certificateMissing = OAuthError(
        .invalidRequest, "a token bound to a certificate is needed here: come with that certificate (RFC 8705)")

    private static let keyUnwanted = OAuthError(
        .invalidRequest, "the agent's tokens are bound to its certificate, and so cannot be bound to a DPoP key")
}
