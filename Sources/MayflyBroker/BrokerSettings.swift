/// What the operator sets; every time is in seconds.
package struct BrokerSettings: Sendable {
    /// The external base URL: the `iss` of every token, and the only `aud` of a client assertion.
    package var issuer: String
    /// A token's life when neither role nor request says otherwise.
    package var tokenLife: Int64 = 300
    /// The longest that a request or a role may let a token live; at most `RegistryLimits.maximumTokenLife`.
    package var maximumTokenLife: Int64 = RegistryLimits.maximumTokenLife
    package var ticketLife: Int64 = 60
    package var enrolmentCodeLife: Int64 = 600
    /// The farthest that an assertion's `exp` may lie ahead.
    package var assertionLife: Int64 = 300
    /// How far a client's clock may differ from ours.
    package var clockSkew: Int64 = 30
    /// The most that an operator may set as `clockSkew`.
    static let widestClockSkew: Int64 = 60
    /// The life of an administrator's token.
    package var adminTokenLife: Int64 = 60
    /// How often one agent may ask for tokens; nil for no limit.
    package var mintLimit: RateLimit?
    /// How often all agents of one owner together may ask for tokens; nil for no limit.
    package var ownerMintLimit: RateLimit?
    /// How often one resource may ask about tokens; nil for no limit.
    package var verifyLimit: RateLimit?
    /// Who is told of what happens; at most `NoticeRoute.maximumRoutes`, with different names.
    package var notices: [NoticeRoute] = []
    package var lifecycle = LifecycleSettings()
    /// The authorities of clients' certificates (RFC 8705 §2.1); nil when no client is known by one.
    package var clientTrust: ClientTrust?
    /// The base URL at which clients are asked for a certificate; nil when there is none.
    package var mtlsURL: String?

    package init(issuer: String) {
        self.issuer = issuer
    }
}
