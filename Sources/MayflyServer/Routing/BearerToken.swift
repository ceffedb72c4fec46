import MayflyBroker

/// What a request's `Authorization: Bearer` came to (RFC 6750 §2.1).
enum BearerToken {
    /// No bearer token was sent, or nothing that could be one.
    case none
    /// One was sent, and means nothing now.
    case refused
    case token(KnownToken)

    /// Reads and verifies it.
    ///
    /// Where a connection repeats its requests' header, the bytes are looked at for the first of them alone. Whether
    /// the token is alive is asked for each.
    init(of request: HTTPRequest, by verifier: TokenVerifier) {
        let memory = request.head
        if let signed = memory.bearer.value {
            self = Self(verifier.verifyAgain(signed, as: .accessToken))
            return
        }
        guard let header = request.only("Authorization"),
            case .bearer(let credentials) = try? AuthorizationHeader.parse(header)
        else {
            self = .none
            return
        }
        guard let signed = verifier.signed(credentials.bytes) else {
            self = .refused
            return
        }
        self = Self(verifier.verify(memory.bearer.value { signed }, as: .accessToken))
    }

    private init(_ token: KnownToken?) {
        self = token.map { .token($0) } ?? .refused
    }
}
