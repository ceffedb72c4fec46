import MayflyCrypto
package import MayflyModel

/// A person who a provider's token is about, verified.
package struct VerifiedPerson: Equatable, Sendable {
    package let actedFor: ActedFor
    /// Whole seconds since 1970; nothing made from the token outlives it.
    let expiresAt: Int64
    /// The largest epoch that had been given out before anything was looked up.
    let seenEpoch: Int64
}

extension TrustVerifier {
    /// Finds out about whom a provider's token is, and what the provider's rules give them (RFC 8693 §2.1).
    ///
    /// Such a token may be shown several times until it expires: it is worth nothing but to an agent that proves itself
    /// each time.
    package func person(_ compact: [UInt8], at now: Timestamp) throws(TrustFault) -> Vouched<VerifiedPerson> {
        let seenEpoch = state.read { $0.newestEpoch }
        let token = try UnverifiedToken(compact)
        let provider = try claimed(token, .bearer)
        guard let people = provider.spec.people else { throw .noPeople }
        return try verify(token, form: .bearer, of: provider, once: false, at: now).map {
            (verified) throws(TrustFault) in
            guard let audience = verified.audience, people.accepts(audience: audience) else { throw .audience }
            guard let id = PersonID(provider: provider.id, subject: verified.subject) else { throw .subject }
            return VerifiedPerson(
                actedFor: ActedFor(person: id, roles: try people.roles(for: verified)),
                expiresAt: verified.expiresAt, seenEpoch: seenEpoch)
        }
    }
}
