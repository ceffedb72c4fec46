import MayflyModel

/// Checks proofs of possession: at the token endpoint, and for tools that pass them on (RFC 9449 §4.3).
package struct DPoPVerifier: Sendable {
    let live: LiveSettings
    let clock: BrokerClock
    package let nonces: DPoPNonces

    /// The path at which tokens are given out, below the issuer.
    package static let tokenPath = "/oauth2/token"

    /// Reads a proof for the token endpoint, and asks for a nonce where it has none that holds (RFC 9449 §8).
    ///
    /// Done before the client is known: a client that must come again has used up neither its assertion nor our time.
    package func read(_ compact: ArraySlice<UInt8>) throws(OAuthError) -> DPoPProof {
        let proof: DPoPProof
        do throws(ProofFault) {
            proof = try DPoPProof(compact)
        } catch {
            throw error.refusal
        }
        guard proof.nonce.map({ nonces.accepts($0) }) ?? false else { throw Self.nonceNeeded }
        return proof
    }

    /// The key that a request to the token endpoint has proven to hold; the mark must be made durable with its answer.
    package func tokenEndpoint(_ proof: DPoPProof) throws(OAuthError) -> HeldKey {
        let settings = live.current
        // From the configuration, and never from what the request says of its host.
        let targets = [ProofURI(request: settings.issuer + Self.tokenPath)].compactMap { $0 }
        do throws(ProofFault) {
            try proof.check(method: "POST", targets: targets, at: clock.now(), skew: settings.clockSkew)
        } catch {
            throw error.refusal
        }
        return HeldKey(thumbprint: proof.thumbprint, mark: proof.mark(at: ""), tokenHash: proof.tokenHash)
    }

    /// The mark of a proof that came with a living token at a resource; throws what is wrong with it.
    ///
    /// `thumbprint` is the key that the token is bound to, nil for a token that is bound to none: a proof is then one
    /// of something else.
    func resource(
        _ shown: PresentedProof, token: ArraySlice<UInt8>, boundTo thumbprint: String?, at resource: Resource
    ) throws(ProofFault) -> UsedMark {
        let proof = try DPoPProof(shown.compact)
        guard let thumbprint, proof.thumbprint.utf8.elementsEqual(thumbprint.utf8) else { throw .binding }
        guard proof.names(token: token) else { throw .tokenHash }
        try proof.check(
            method: shown.method, targets: shown.targets(at: resource.spec), at: clock.now(),
            skew: live.current.clockSkew)
        return proof.mark(at: resource.id.text)
    }

    static let nonceNeeded = OAuthError(
        .useDPoPNonce, "put the nonce of the DPoP-Nonce header into the DPoP proof, and ask again")
}

/// A proof that a tool was sent with a token, and the request that it came with.
package struct PresentedProof: Hashable, Sendable {
    /// The target of that request.
    package enum Target: Hashable, Sendable {
        /// The whole URL, as the tool knows it.
        case url(String)
        /// Path and query, as a proxy knows them; the origins are those of the resource.
        case path(String)
    }

    let compact: ArraySlice<UInt8>
    let method: String
    private let target: Target

    package init(_ compact: ArraySlice<UInt8>, method: String, target: Target) {
        (self.compact, self.method, self.target) = (compact, method, target)
    }

    /// What the proof's `htu` may be; nothing for a target that has no one spelling.
    func targets(at resource: ResourceSpec) -> [ProofURI] {
        switch target {
        case .url(let text): [ProofURI(request: text)].compactMap { $0 }
        case .path(let path): resource.reachedAt.compactMap { ProofURI(origin: $0, target: path) }
        }
    }
}

/// What a tool passes on beside a token.
package enum Possession: Sendable {
    /// The token alone.
    case notShown
    case shown(PresentedProof)
    /// A proof that held and is used up already, together with others of the same request.
    case proven
    case failed(ProofFault)
}
