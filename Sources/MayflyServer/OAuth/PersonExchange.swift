import MayflyBroker
import MayflyModel

/// A token exchange whose `subject_token` is a provider's, about a person (RFC 8693 §2.1).
struct PersonExchange: Sendable {
    let subject: [UInt8]
    let request: TokenRequest
    let client: AuthenticatedClient

    func run(
        _ broker: Broker, _ send: @escaping @Sendable (Result<IssuedToken, BrokerError>, ParkedReply) -> Void
    ) -> HTTPOutcome {
        KeyWait.run(broker) { () throws(OAuthError) in
            try look(broker)
        } found: { person in
            .parked { parked in
                broker.issuer.exchange(request, onBehalfOf: person, for: client) { send($0, parked) }
            }
        } refused: { error in
            .parked { parked in
                broker.issuer.refuse(error ?? Self.keysUnavailable, to: client) { send($0, parked) }
            }
        }
    }

    private func look(_ broker: Broker) throws(OAuthError) -> Vouched<VerifiedPerson> {
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
}
