/// Fetches documents of providers; declared here, and made where there is a network.
package protocol KeySetFetcher: Sendable {
    /// Fetches what is at `url` and answers on another thread, within some seconds.
    ///
    /// Nothing but a whole answer with status 200 is a success: no redirect is followed, and addresses of this machine
    /// and its link are refused unless the operator allows them. `url` is one that an administrator or a provider
    /// wrote.
    func fetch(_ url: String, _ completion: @escaping @Sendable (Result<FetchedDocument, FetchFault>) -> Void)
}

/// A document as it came.
package struct FetchedDocument: Equatable, Sendable {
    package let bytes: [UInt8]
    /// Seconds for which it may be kept, as its sender says (RFC 9111 §5.2.2.1); nil when that is left open.
    package let maximumAge: Int64?

    package init(bytes: [UInt8], maximumAge: Int64?) {
        (self.bytes, self.maximumAge) = (bytes, maximumAge)
    }
}

/// Why a provider's keys could not be fetched.
package enum FetchFault: String, Error, Equatable, Sendable, CaseIterable {
    case invalidURL = "invalid_url"
    case unreachable
    case timedOut = "timed_out"
    case untrusted
    case localAddress = "local_address"
    case redirected
    case status
    case tooLarge = "too_large"
    case malformed
    case wrongIssuer = "wrong_issuer"
    case noKeys = "no_keys"
    /// Too many fetches are under way.
    case busy
    /// This broker fetches nothing.
    case off

    package var explanation: String {
        switch self {
        case .invalidURL: "the address is not an https URL; http is for this machine only, where that is allowed"
        case .unreachable: "nobody answers there"
        case .timedOut: "the answer took too long"
        case .untrusted: "the server's certificate is not trusted; a private CA goes into providers.ca_file"
        case .localAddress:
            "it is an address of this machine or its link, which providers.allow_local_addresses does not allow"
        case .redirected: "the server redirects, which is not followed; register the final address as jwks_uri"
        case .status: "the server answered another status than 200"
        case .tooLarge: "the answer is too large"
        case .malformed: "the answer is not the JSON document that it should be"
        case .wrongIssuer: "the description names another issuer"
        case .noKeys: "the key set holds no key that can be used"
        case .busy: "too many providers are being asked at once"
        case .off: "this broker fetches no keys; register them as jwks"
        }
    }
}

/// Fetches nothing: for brokers without providers, and for tests.
package struct NoFetcher: KeySetFetcher {
    package init() {}

    package func fetch(
        _ url: String, _ completion: @escaping @Sendable (Result<FetchedDocument, FetchFault>) -> Void
    ) {
        completion(.failure(.off))
    }
}
