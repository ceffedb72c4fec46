import MayflyCrypto
import MayflyModel

/// What a new task and its first token are called: what the request names, and the rest from one draw of random bytes.
struct TokenNames: Sendable {
    /// The `jti`.
    let token: String
    let task: String
    /// A W3C trace id.
    let trace: String

    /// Throws for a name that the request must not give.
    init(_ request: TokenRequest) throws(OAuthError) {
        if let task = request.task, !TokenID.isTask(task) {
            throw OAuthError(.invalidRequest, "task is 1 to 128 letters, digits and . _ : -")
        }
        if let trace = request.trace, !TokenID.isTrace(trace) {
            throw OAuthError(.invalidRequest, "trace is a W3C trace id of 32 lower-case hex digits, not all zero")
        }
        let names = try TokenID.random(count: 3)
        token = names.text(0)
        task = request.task ?? names.text(1)
        trace = request.trace ?? names.trace(2)
    }
}
