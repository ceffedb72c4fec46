package import MayflyModel
import MayflyPolicy

/// What a token is worth without its key: to a decision nothing, and to introspection what the tool makes of `cnf`.
extension VerificationService {
    /// Why a bound token may not be used, and the mark of the proof that came with it.
    ///
    /// A bound token without a proof is refused, whoever asks; so is a proof beside a token that is bound to no key,
    /// because then it proves something else. A certificate beside such a token proves nothing and does no harm:
    /// connections have one for all that is sent on them.
    func holding(
        of active: ActiveToken?, _ compact: ArraySlice<UInt8>, _ possession: Possession,
        _ certificate: PresentedCertificate?
    ) -> (refusal: ActionDecision?, mark: UsedMark?) {
        guard let active else { return (nil, nil) }
        switch possession {
        case .notShown:
            switch active.token.confirmation {
            case nil: return (nil, nil)
            case .key: return (.deny(.proofRequired), nil)
            case .certificate(let thumbprint):
                guard let certificate else { return (.deny(.certificateRequired), nil) }
                let isSame = thumbprint.utf8.elementsEqual(certificate.thumbprint.utf8)
                return (isSame ? nil : .deny(.certificateMismatch), nil)
            }
        case .proven: return (nil, nil)
        case .failed(let fault): return (.deny(.proofInvalid(fault.rawValue)), nil)
        case .shown(let proof):
            do throws(ProofFault) {
                return (nil, try mark(of: proof, with: active.token, compact, at: active.resource))
            } catch {
                return (.deny(.proofInvalid(error.rawValue)), nil)
            }
        }
    }

    /// Whether tokens for a resource must be bound to a key.
    package func demandsBinding(_ resource: ResourceName) -> Bool {
        state.read { $0.resources[resource]?.spec.demandsBinding ?? false }
    }

    /// The token, if it is alive, the asker may know of it, and it is not bound to another certificate than the one
    /// that the tool was shown.
    package func introspect(
        _ compact: ArraySlice<UInt8>, shownWith certificate: PresentedCertificate?, for asker: Asker
    ) -> KnownToken? {
        let token = introspect(compact, for: asker)
        guard let certificate, case .certificate? = token?.confirmation else { return token }
        return token?.confirmation?.isCertificate(certificate) ?? false ? token : nil
    }

    private func mark(
        of proof: PresentedProof, with token: KnownToken, _ compact: ArraySlice<UInt8>, at resource: Resource
    ) throws(ProofFault) -> UsedMark {
        try proofs.resource(proof, token: compact, boundTo: token.confirmation?.keyThumbprint, at: resource)
    }

    /// The token, if it is alive, the asker may know of it, and the proof that came with it holds and is used up now.
    ///
    /// `client` is who asks, whose assertion is used up in the same commit. Without a living token there is nothing
    /// that a proof could be used for, so it is left alone.
    package func introspect(
        _ compact: ArraySlice<UInt8>, showing proof: PresentedProof, for asker: Asker, as client: AuthenticatedClient,
        _ completion: @escaping @Sendable (Result<KnownToken?, BrokerError>) -> Void
    ) {
        use([(compact, proof)], for: asker, as: client) { result in
            completion(
                result.map { found in
                    guard case .proven? = found.first else {
                        self.metrics.verified(false, at: .introspection)
                        return nil
                    }
                    // Once more: it may have died while the proof was written down.
                    return self.introspect(compact, for: asker)
                })
        }
    }

    /// Checks proofs that came with one request and uses them up together; answers what became of each, in order.
    ///
    /// The same proof with the same token twice is one: a tool may ask several things about one request of its client.
    package func use(
        _ shown: [(token: ArraySlice<UInt8>, proof: PresentedProof)], for asker: Asker, as client: AuthenticatedClient,
        _ completion: @escaping @Sendable (Result<[Possession], BrokerError>) -> Void
    ) {
        let found = shown.map { pair -> Result<UsedMark, ProofFault> in
            guard let token = find(pair.token, for: asker, from: .evaluation),
                let resource = token.resource.flatMap({ url in state.read { $0.resource(identifiedBy: url) } })
            else { return .failure(.binding) }
            return Result { () throws(ProofFault) in try mark(of: pair.proof, with: token, pair.token, at: resource) }
        }
        let marks = Set(found.compactMap { try? $0.get() })
        writer.submit(ShowCommand(assertion: client.mark, proofs: Array(marks))) { result in
            completion(
                result.map { fresh in
                    found.map { result in
                        switch result {
                        case .success(let mark): fresh.contains(mark) ? .proven : .failed(.replayed)
                        case .failure(let fault): .failed(fault)
                        }
                    }
                })
        }
    }
}
