import MayflyBroker
import MayflyModel

/// Who may call the admin endpoints: the holder of a live broker token with the right scope.
enum AccessRule {
    /// The caller's name for the ledger; empty for an open endpoint.
    static func actor(
        of request: HTTPRequest, for access: Endpoint.Access, broker: Broker
    ) throws(Failure) -> String {
        let needed: [String]
        switch access {
        case .open: return ""
        case .read: needed = [Administration.readScope, Administration.scope]
        case .admin: needed = [Administration.scope]
        }
        guard let header = request.only("Authorization"),
            case .bearer(let token) = try? AuthorizationHeader.parse(header),
            let claims = broker.verifier.verify(token.bytes, as: .accessToken)?.claims,
            claims.audience.utf8.elementsEqual(broker.settings.issuer.utf8), claims.chain.isEmpty,
            AdminID(claims.subject) != nil
        else { throw .unauthorized }
        guard needed.contains(where: { Scope($0).map(claims.scopes.contains) ?? false }) else { throw .forbidden }
        return claims.subject
    }
}
