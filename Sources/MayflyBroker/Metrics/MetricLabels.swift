import MayflyModel
package import MayflyPolicy

/// What was issued.
package enum IssuedKind: Int, MetricLabel {
    /// An agent's own token for a task.
    case task
    /// A token below another one.
    case delegated
    case ticket
    /// A token of an administrator or a resource, for the broker's own endpoints.
    case broker

    init(_ token: IssuedToken) {
        if token.kind == .ticket {
            self = .ticket
        } else {
            self = token.claims.chain.isEmpty ? .broker : token.claims.chain.count == 1 ? .task : .delegated
        }
    }
}

/// Why a token was not issued: the OAuth error code, or why nothing could be made durable.
package enum RefusalReason: Int, MetricLabel {
    case invalidRequest, invalidClient, invalidGrant, unauthorizedClient, unsupportedGrantType, invalidScope
    case invalidTarget, invalidAuthorizationDetails, invalidToken, insufficientScope, temporarilyUnavailable
    case accessDenied, authorizationPending, slowDown, expiredToken, unknownUserID, invalidBindingMessage
    case invalidDPoPProof, useDPoPNonce
    case storeFull, storeFailed, keysFailed, clockWentBack, overloaded, stopping, noLease

    init(_ code: OAuthError.Code) {
        switch code {
        case .invalidRequest: self = .invalidRequest
        case .invalidClient: self = .invalidClient
        case .invalidGrant: self = .invalidGrant
        case .unauthorizedClient: self = .unauthorizedClient
        case .unsupportedGrantType: self = .unsupportedGrantType
        case .invalidScope: self = .invalidScope
        case .invalidTarget: self = .invalidTarget
        case .invalidAuthorizationDetails: self = .invalidAuthorizationDetails
        case .invalidToken: self = .invalidToken
        case .insufficientScope: self = .insufficientScope
        case .temporarilyUnavailable: self = .temporarilyUnavailable
        case .accessDenied: self = .accessDenied
        case .authorizationPending: self = .authorizationPending
        case .slowDown: self = .slowDown
        case .expiredToken: self = .expiredToken
        case .unknownUserID: self = .unknownUserID
        case .invalidBindingMessage: self = .invalidBindingMessage
        case .invalidDPoPProof: self = .invalidDPoPProof
        case .useDPoPNonce: self = .useDPoPNonce
        }
    }

    init(_ error: BrokerError) {
        switch error {
        case .oauth(let refusal): self.init(refusal.code)
        // The OAuth endpoints answer these as `invalid_request`.
        case .notFound, .alreadyExists, .stale, .conflict, .forbidden, .invalid: self = .invalidRequest
        case .unavailable(.storeFull): self = .storeFull
        case .unavailable(.storeFailed): self = .storeFailed
        case .unavailable(.keysFailed): self = .keysFailed
        case .unavailable(.clockWentBack): self = .clockWentBack
        case .unavailable(.noLease): self = .noLease
        case .unavailable(.overloaded): self = .overloaded
        case .unavailable(.stopping): self = .stopping
        }
    }

    package var text: String {
        switch self {
        case .invalidRequest: OAuthError.Code.invalidRequest.rawValue
        case .invalidClient: OAuthError.Code.invalidClient.rawValue
        case .invalidGrant: OAuthError.Code.invalidGrant.rawValue
        case .unauthorizedClient: OAuthError.Code.unauthorizedClient.rawValue
        case .unsupportedGrantType: OAuthError.Code.unsupportedGrantType.rawValue
        case .invalidScope: OAuthError.Code.invalidScope.rawValue
        case .invalidTarget: OAuthError.Code.invalidTarget.rawValue
        case .invalidAuthorizationDetails: OAuthError.Code.invalidAuthorizationDetails.rawValue
        case .invalidToken: OAuthError.Code.invalidToken.rawValue
        case .insufficientScope: OAuthError.Code.insufficientScope.rawValue
        case .temporarilyUnavailable: OAuthError.Code.temporarilyUnavailable.rawValue
        case .accessDenied: OAuthError.Code.accessDenied.rawValue
        case .authorizationPending: OAuthError.Code.authorizationPending.rawValue
        case .slowDown: OAuthError.Code.slowDown.rawValue
        case .expiredToken: OAuthError.Code.expiredToken.rawValue
        case .unknownUserID: OAuthError.Code.unknownUserID.rawValue
        case .invalidBindingMessage: OAuthError.Code.invalidBindingMessage.rawValue
        case .invalidDPoPProof: OAuthError.Code.invalidDPoPProof.rawValue
        case .useDPoPNonce: OAuthError.Code.useDPoPNonce.rawValue
        case .storeFull: "store_full"
        case .storeFailed: "store_failed"
        case .keysFailed: "keys_failed"
        case .clockWentBack: "clock_went_back"
        case .noLease: "no_lease"
        case .overloaded: "overloaded"
        case .stopping: "stopping"
        }
    }
}

/// Where somebody asked about a token.
package enum VerificationSurface: Int, MetricLabel {
    case introspection, evaluation, verify
}

/// What became of a decision about an action.
package enum DecisionOutcome: Int, MetricLabel {
    case allow, deny
    /// The decision could not be written down, so it was not given.
    case error
}

/// The limit of which a delegation tree had too little left.
package enum ExhaustedLimit: Int, MetricLabel {
    case calls, cost, records

    /// Nil for a limit that is not used up.
    init?(_ member: Limits.Member) {
        switch member {
        case .calls: self = .calls
        case .cost: self = .cost
        case .records: self = .records
        case .timeout, .readOnly, .environments, .hours: return nil
        }
    }

    package var text: String {
        switch self {
        case .calls: Limits.Member.calls.rawValue
        case .cost: Limits.Member.cost.rawValue
        case .records: Limits.Member.records.rawValue
        }
    }
}

/// What a quota of the policy refused.
package enum QuotaPhase: Int, MetricLabel {
    case mint, action
}

/// What was ended.
package enum RevocationKind: Int, MetricLabel {
    case token, task, trace, agent, owner, role, resource, provider, person, everything
    case suspend, offboard, leave
    /// A compromised signing key.
    case key

    init(_ request: RevocationRequest) {
        switch request {
        case .token: self = .token
        case .task: self = .task
        case .trace: self = .trace
        case .agent: self = .agent
        case .owner: self = .owner
        case .role: self = .role
        case .resource: self = .resource
        case .provider: self = .provider
        case .person: self = .person
        case .everything: self = .everything
        }
    }
}

/// Why an answer that was held for the other nodes could go.
package enum HeldEnd: Int, MetricLabel {
    /// Every node had it in memory.
    case acknowledged
    /// A node did not, and had no lease any more.
    case lapsed
}

/// What became of something that somebody was to be told.
package enum NoticeOutcome: Int, MetricLabel {
    case delivered, refused, expired
    /// There were too many already; the entry is in the ledger, and nobody is told of it.
    case lost

    init(_ outcome: NoticeDesk.Outcome) {
        switch outcome {
        case .delivered: self = .delivered
        case .refused: self = .refused
        case .expired: self = .expired
        }
    }
}

/// In which way a request was unusual for its agent.
extension BehaviourSign: MetricLabel {}

/// Whether a token's signature was known to be good.
package enum CacheResult: Int, MetricLabel {
    case hit, miss
}

/// What the store reported.
package enum StoreErrorKind: Int, MetricLabel {
    case full, inputOutput, corrupt, conflict, invalid, newerSchema, cannotOpen, notDurable, leftBehind, otherLease

    init(_ error: StoreError) {
        switch error {
        case .full: self = .full
        case .inputOutput: self = .inputOutput
        case .corrupt: self = .corrupt
        case .conflict: self = .conflict
        case .invalid: self = .invalid
        case .newerSchema: self = .newerSchema
        case .cannotOpen: self = .cannotOpen
        case .notDurable: self = .notDurable
        case .leftBehind: self = .leftBehind
        case .otherLease: self = .otherLease
        }
    }

    package var text: String {
        switch self {
        case .full: "full"
        case .inputOutput: "input_output"
        case .corrupt: "corrupt"
        case .conflict: "conflict"
        case .invalid: "invalid"
        case .newerSchema: "newer_schema"
        case .cannotOpen: "cannot_open"
        case .notDurable: "not_durable"
        case .leftBehind: "left_behind"
        case .otherLease: "other_lease"
        }
    }
}

/// What came of fetching a provider's keys.
package enum KeyFetchOutcome: Int, MetricLabel {
    case fetched, failed
}
