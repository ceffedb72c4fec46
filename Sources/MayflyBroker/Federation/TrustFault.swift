/// Why a provider's token is not taken for a workload's identity.
///
/// A workload hears none of it. The ledger keeps the word, and `mayfly trust test` explains it.
package enum TrustFault: String, Error, Equatable, Sendable, CaseIterable {
    case malformed
    /// The header's `typ` is that of another kind of token, or a JWT-SVID's header holds more than it may.
    case type
    /// No registered provider has this `iss`, or this trust domain.
    case unknownProvider = "unknown_provider"
    /// The provider's keys could not be fetched, and none are known.
    case keysUnavailable = "keys_unavailable"
    /// The provider has no key of that `kid` for that algorithm.
    case unknownKey = "unknown_key"
    case algorithm
    case signature
    case subject
    /// There is not exactly one audience.
    case audience
    case expired
    case notYetValid = "not_yet_valid"
    /// It lives longer than the provider's tokens may.
    case tooLong = "too_long"
    /// The provider's tokens are used once, and this one has no `jti` to tell by.
    case noTokenID = "no_token_id"
    /// No agent's conditions hold for it.
    case noAgent = "no_agent"
    /// The conditions of several agents hold for it.
    case ambiguous
    /// `client_id` names another agent than the one whose conditions hold.
    case otherClient = "other_client"
    /// The provider is not registered for people.
    case noPeople = "no_people"
    /// None of the provider's rules gives the person a role.
    case noRights = "no_rights"
    /// They give the person more roles than a token carries.
    case tooManyRoles = "too_many_roles"
    /// The agent may not authenticate now.
    case agentNotActive = "agent_not_active"

    /// For people who may know.
    package var explanation: String {
        switch self {
        case .malformed: "it is not a signed JWT in compact form with iss or a SPIFFE ID, aud and exp"
        case .type: "its typ is that of another kind of token, or its header holds what a JWT-SVID's may not"
        case .unknownProvider: "no registered provider has its iss or its trust domain"
        case .keysUnavailable: "the provider's keys could not be fetched"
        case .unknownKey: "the provider has published no key of that kid and type"
        case .algorithm: "its alg is not one that the provider's tokens may be signed with"
        case .signature: "no key of the provider has signed it"
        case .subject: "it has no sub, or not the SPIFFE ID of a workload of the trust domain"
        case .audience: "it must have exactly one audience"
        case .expired: "it has expired"
        case .notYetValid: "its iat or nbf lies ahead: does one of the clocks differ?"
        case .tooLong: "it lives longer than the provider's max_token_life"
        case .noTokenID: "it has no jti, and the provider is not registered as reusable"
        case .noAgent: "no agent's trust conditions hold for it"
        case .ambiguous: "the trust conditions of more than one agent hold for it; make them exclude each other"
        case .otherClient: "client_id names another agent than the one whose conditions hold"
        case .noPeople: "the provider is not registered with people, so nobody acts for those whom it knows"
        case .tooManyRoles: "the provider's rules give the person more than \(PeopleSpec.maximumRoles) roles"
        case .noRights: "none of the provider's rules for people holds for its subject and claims"
        case .agentNotActive: "the agent is suspended, has ended, or its owner has left"
        }
    }
}
