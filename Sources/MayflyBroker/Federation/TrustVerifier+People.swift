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
    package enum PersonOutcome: Sendable {
        case person(VerifiedPerson)
        case needsKeys(of: Provider)
    }

    /// Whether a token calls itself one of `issuer`'s; nothing of it is checked.
    package static func isOwn(_ compact: [UInt8], issuer: String) -> Bool {
        guard let token = try? UnverifiedToken(compact), let named = token.claims["iss"]?.stringValue else {
            return false
        }
        return named.utf8.elementsEqual(issuer.utf8)
    }

    /// Finds out about whom a provider's token is, and what the provider's rules give them (RFC 8693 §2.1).
    ///
    /// Such a token may be shown several times until it expires: it is worth nothing but to an agent that proves itself
    /// each time.
    package func person(_ compact: [UInt8], at now: Timestamp) throws(TrustFault) -> PersonOutcome {
        let seenEpoch = state.read { $0.newestEpoch }
        let token = try UnverifiedToken(compact)
        let provider = try claimed(token, .bearer)
        guard let people = provider.spec.people else { throw .noPeople }
        switch try verify(token, form: .bearer, of: provider, once: false, at: now) {
        case .needsKeys(let provider): return .needsKeys(of: provider)
        case .verified(let verified):
            guard let audience = verified.audience, people.accepts(audience: audience) else { throw .audience }
            guard let id = PersonID(provider: provider.id, subject: verified.subject) else { throw .subject }
            let roles = try people.roles(for: verified)
            return .person(
                VerifiedPerson(
                    actedFor: ActedFor(person: id, roles: roles), expiresAt: verified.expiresAt,
                    seenEpoch: seenEpoch))
        }
    }
}
