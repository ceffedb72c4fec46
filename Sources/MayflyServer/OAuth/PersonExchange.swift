import MayflyBroker
import MayflyModel

/// A token exchange whose `subject_token` is a provider's, about a person (RFC 8693 §2.1).
struct PersonExchange: Sendable {
    let subject: [UInt8]
    let request: TokenRequest
    let client: AuthenticatedClient

    /// Goes on once the person is known; where the provider's keys must be fetched first, the request waits parked.
    func run(
        _ call: Call, _ reply: @escaping @Sendable (Result<IssuedToken, BrokerError>) -> HTTPReply
    ) throws(OAuthError) -> HTTPOutcome {
        switch try look(call.broker) {
        case .person(let person): return exchange(person, call.broker, reply)
        case .needsKeys(let provider):
            return ClientAuthentication.whenFetched(provider, call, refuse: { reply(.failure(.oauth($0))) }) {
                let again = Result { () throws(OAuthError) in try look(call.broker) }
                switch again {
                case .success(.person(let person)): return exchange(person, call.broker, reply)
                case .success(.needsKeys): return refuse(Self.keysUnavailable, call.broker, reply)
                case .failure(let error): return refuse(error, call.broker, reply)
                }
            }
        }
    }

    private func look(_ broker: Broker) throws(OAuthError) -> TrustVerifier.PersonOutcome {
        do throws(TrustFault) {
            return try broker.trust.person(subject, at: broker.clock.now())
        } catch {
            // RFC 8693 §2.2.2 asks for this code, whatever is wrong with the token.
            throw error == .keysUnavailable
                ? Self.keysUnavailable : OAuthError(.invalidRequest, "the subject_token is not valid")
        }
    }

    private static let keysUnavailable = OAuthError(
        .temporarilyUnavailable, "the keys of the subject_token's issuer cannot be had now; ask again later")

    private func exchange(
        _ person: VerifiedPerson, _ broker: Broker,
        _ reply: @escaping @Sendable (Result<IssuedToken, BrokerError>) -> HTTPReply
    ) -> HTTPOutcome {
        .parked { parked in
            broker.issuer.exchange(request, onBehalfOf: person, for: client) { parked.finish(reply($0)) }
        }
    }

    private func refuse(
        _ error: OAuthError, _ broker: Broker,
        _ reply: @escaping @Sendable (Result<IssuedToken, BrokerError>) -> HTTPReply
    ) -> HTTPOutcome {
        .parked { parked in broker.issuer.refuse(error, to: client) { parked.finish(reply($0)) } }
    }
}
