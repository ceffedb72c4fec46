import MayflyModel

/// Keys that tokens are bound to (RFC 9449 §5); nothing that is made from a bound token is a bearer token.
extension TokenIssuer {
    /// Refuses an access token without a key where the agent, the resource or the parent demands one.
    ///
    /// `MintCommand` need not look again: demanding it anew is a right less, so it takes a new epoch.
    func checkBinding(of minting: Minting, to client: AuthenticatedClient) throws(OAuthError) {
        guard minting.kind == .accessToken, client.proof == nil else { return }
        let view = minting.view
        if view.agent.spec.demandsBinding || view.resource.spec.demandsBinding || minting.demandsBinding {
            throw Self.proofMissing
        }
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
        guard let bound = token.keyThumbprint else { return }
        guard let proof = client.proof else { throw Self.proofMissing }
        guard proof.thumbprint.utf8.elementsEqual(bound.utf8) else { throw ProofFault.binding.refusal }
    }

    private static let proofMissing = OAuthError(
        .invalidDPoPProof, "a token bound to a key is needed here: send a DPoP proof (RFC 9449)")
}
