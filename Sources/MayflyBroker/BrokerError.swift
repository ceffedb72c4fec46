package import MayflyModel

/// Why the broker did not do what it was asked, in terms that every surface can put into its own words.
package enum BrokerError: Error, Equatable, Sendable {
    /// Nothing has that name.
    case notFound
    /// Something has that name already, or had it.
    case alreadyExists
    /// The record has changed since the caller read it.
    case stale
    /// The state does not allow it; the text says what to do.
    case conflict(String)
    case invalid(FieldError)
    /// Who asks is known, and may not; the text says who may.
    case forbidden(String)
    /// An answer of the OAuth endpoints.
    case oauth(OAuthError)
    /// Nothing can be made durable now; ask again later.
    case unavailable(Unavailability)

    package enum Unavailability: Equatable, Sendable {
        case storeFull
        case storeFailed
        /// The signing keys cannot be read, made or used: a folder, or a token of hardware.
        case keysFailed
        case clockWentBack
        case overloaded
        case stopping
        /// This node has not heard from the store that it shares for so long that others do not count on it any more.
        case noLease
    }
}
