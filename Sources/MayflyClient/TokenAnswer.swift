package import MayflyModel

/// A token as the broker gave it (RFC 6749 §5.1, RFC 8693 §2.2.1).
///
/// Its description leaves the token out, so that it does not end in a log.
public struct TokenAnswer: Sendable, CustomStringConvertible {
    /// The compact JWS: an access token, or a ticket.
    public let token: String
    /// `Bearer`, or `N_A` for a ticket.
    public let tokenType: String
    /// Seconds.
    public let expiresIn: Int
    /// What was granted, separated by spaces; nil for none.
    public let scope: String?
    public let task: String?
    public let trace: String?
    /// The whole answer.
    package let json: JSONObject

    init(_ object: JSONObject) throws(ClientError) {
        guard let token = object["access_token"]?.stringValue, let type = object["token_type"]?.stringValue,
            let life = object["expires_in"]?.integerValue, let seconds = Int(exactly: life)
        else { throw .unexpectedAnswer(status: 200) }
        self.token = token
        tokenType = type
        expiresIn = seconds
        scope = object["scope"]?.stringValue
        task = object["task"]?.stringValue
        trace = object["trace"]?.stringValue
        json = object
    }

    public var description: String { "token for \(expiresIn) s, scope \(scope ?? "-")" }
}
