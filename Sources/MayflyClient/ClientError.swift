/// Why a call to the broker did not succeed; no case holds a token, a secret or key material.
public enum ClientError: Error, Equatable, Sendable {
    /// Not an absolute `http` or `https` URL without user, query and fragment.
    case invalidURL
    /// Tokens would cross a network unprotected: `http` is for this machine only.
    case plainHTTP
    /// Holds libcurl's fixed text.
    case unreachable(String)
    case timedOut
    /// The server's certificate does not hold; holds libcurl's fixed text.
    case untrusted(String)
    case answerTooLarge
    /// The name leads to an address of this machine or its link, which may not be connected to.
    case localAddress
    /// The server's answer is not what the broker would say.
    case unexpectedAnswer(status: Int)
    /// The server says that it is another issuer than the one that was asked for.
    case issuerMismatch
    /// The broker's own refusal.
    case refused(Refusal)
    /// The key file could not be used; the text says why.
    case keyFile(String)
    /// The random generator or the signature failed; the text says why.
    case cryptography(String)
    /// A value that cannot stand in a request, for example a header value with a line break.
    case invalidInput(String)
}

/// What the broker said when it refused (RFC 6749 §5.2, RFC 9457).
public struct Refusal: Error, Equatable, Sendable {
    /// The HTTP status.
    public let status: Int
    /// The OAuth error code, or the problem type without its prefix.
    public let code: String
    /// The broker's explanation, if it gave one.
    public let detail: String?
    /// The rule of the policy that decided, and why it says so.
    public internal(set) var rule: String?
    public internal(set) var reason: String?
    /// Under which name people are asked to agree.
    public internal(set) var approval: String?
    /// Seconds after which it is worth asking again.
    public internal(set) var retryAfter: Int64?

    package init(status: Int, code: String, detail: String?) {
        (self.status, self.code, self.detail) = (status, code, detail)
    }
}

extension ClientError: CustomStringConvertible {
    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .invalidURL: "that is not an http or https URL"
        case .plainHTTP: "the server is another machine, and the URL has no TLS"
        case .unreachable(let text): "the broker cannot be reached: \(text)"
        case .timedOut: "the broker did not answer in time"
        case .untrusted(let text): "the server cannot be trusted: \(text)"
        case .answerTooLarge: "the server's answer is larger than \(HTTPTransport.maximumBody) bytes"
        case .localAddress: "the name leads to an address of this machine or its link"
        case .unexpectedAnswer(let status): "the server's answer (status \(status)) is not a Mayfly broker's"
        case .issuerMismatch: "the server says that it is another issuer"
        case .refused(let refusal): refusal.detail.map { "\(refusal.code): \($0)" } ?? refusal.code
        case .keyFile(let text): "the key cannot be used: \(text)"
        case .cryptography(let text): "the request could not be signed: \(text)"
        case .invalidInput(let text): text
        }
    }

    /// What the caller can do next, in one line.
    public var nextStep: String {
        switch self {
        case .invalidURL: "give a base URL such as https://mayfly.example.com"
        case .plainHTTP: "use https, or a broker on 127.0.0.1"
        case .unreachable, .timedOut: "check that the broker runs and that the URL is right"
        case .untrusted: "check the URL and the server's certificate; it is never accepted unchecked"
        case .answerTooLarge: "ask for less at once, for example with a smaller limit"
        case .localAddress: "give the URL of another machine"
        case .unexpectedAnswer: "check that the URL is the broker's, and what stands in between"
        case .issuerMismatch: "give the issuer that you expect; an assertion for one broker is not sent to another"
        case .refused(let refusal): refusal.nextStep
        case .keyFile:
            "name a PKCS#8 PEM file of your own with mode 0600, or a key in a token with its module and PIN; enrolling makes "
                + "one"
        case .cryptography: "try again; if it persists, check the OpenSSL installation"
        case .invalidInput: "correct the value and try again"
        }
    }
}

extension Refusal {
    /// What the caller can do next, in one line.
    public var nextStep: String {
        switch code {
        case "invalid_client": "check the name, the key (is it enrolled?), this machine's clock and the issuer"
        case "invalid_scope", "invalid_target", "invalid_authorization_details":
            "ask for less, or have the agent's registration widened"
        case "invalid_grant": "the token or code has ended or is not yours; get a fresh one"
        case "unauthorized_client", "insufficient_scope", "forbidden": "this client may not do that; use another"
        case "authorization_pending", "slow_down":
            "wait until people have decided\(approval.map { " about \($0)" } ?? ""), and ask for exactly the same again"
        case "invalid_dpop_proof": "ask with --dpop and the key that the token is bound to; check this machine's clock"
        case "access_denied":
            rule.map { "rule \($0): \(reason ?? "no reason is given"); mayfly policy explain shows every rule" }
                ?? "\(Self.end(reason)); the ledger says who and why"
        case "expired_token": "nobody decided in time; ask again"
        case "not-yours-to-do": "the message says who may"
        case "invalid_token", "unauthorized": "get a fresh token"
        case "temporarily_unavailable", "unavailable":
            rule.map { "\($0): \(reason ?? "no reason is given"); \(again)" } ?? again
        case "not-found": "check the name; the list commands show what there is"
        case "already-exists": "change the existing record, or choose another name"
        case "stale": "someone else changed the record; read it again and repeat"
        case "conflict": "look at how it stands now, and decide anew"
        default: status == 429 ? again : status >= 500 ? "see the broker's log" : "correct the request and try again"
        }
    }

    private var again: String { retryAfter.map { "ask again in \($0) s" } ?? "try again in a moment" }

    /// What became of a request that people were asked about.
    private static func end(_ reason: String?) -> String {
        switch reason {
        case "denied": "people said no, and it stands until the window ends"
        case "superseded": "policy or the registration has changed since; ask anew"
        case "too_many_pending": "too many requests wait for people; have them decided first"
        case "too_large": "it is more than people can be asked to read; ask for less"
        default: "policy or people said no"
        }
    }
}
