import MayflyBroker
import MayflyModel

/// Who may call the admin endpoints: the holder of a live broker token with the right scope.
enum AccessRule {
    /// Who calls, by a token that was alive when it was looked at.
    struct Caller: Sendable {
        /// The name for the ledger; empty at an open endpoint.
        var name = ""
        /// The token's epoch, for what must not outlive a kill that comes in between.
        var epoch: Int64 = 0
    }

    static func caller(
        of request: HTTPRequest, for access: Endpoint.Access, broker: Broker
    ) throws(Failure) -> Caller {
        guard access != .open else { return Caller() }
        let token: KnownToken
        switch BearerToken(of: request, by: broker.verifier) {
        case .none: throw .unauthorized(isTokenSent: false)
        case .refused: throw .unauthorized(isTokenSent: true)
        case .token(let alive): token = alive
        }
        let claims = token.claims
        guard
            claims.audience.utf8.elementsEqual(broker.settings.issuer.utf8), claims.chain.isEmpty,
            claims.confirmation == nil
        else { throw .unauthorized(isTokenSent: true) }
        let needed: [String]
        if AdminID(claims.subject) != nil {
            needed = access.administratorScopes
        } else if OwnerID(claims.subject) != nil {
            needed = access.ownerScopes
        } else {
            throw .unauthorized(isTokenSent: true)
        }
        guard needed.contains(where: { Scope($0).map(claims.scopes.contains) ?? false }) else {
            throw .forbidden(scope: access.scope)
        }
        return Caller(name: claims.subject, epoch: claims.epoch)
    }
}

extension Endpoint.Access {
    /// Any of them lets an administrator in; none keeps administrators out.
    fileprivate var administratorScopes: [String] {
        switch self {
        case .open, .approve: []
        case .read, .readApprovals: [Administration.readScope, Administration.scope]
        case .admin, .deny: [Administration.scope]
        }
    }

    /// Any of them lets an owner in; none keeps owners out.
    fileprivate var ownerScopes: [String] {
        switch self {
        case .open, .read, .admin: []
        case .approve, .deny, .readApprovals: [Administration.approveScope]
        }
    }

    /// What a challenge names (RFC 6750 §3).
    fileprivate var scope: String {
        switch self {
        case .open: ""
        case .read: Administration.readScope
        case .admin: Administration.scope
        case .approve, .deny, .readApprovals: Administration.approveScope
        }
    }
}
