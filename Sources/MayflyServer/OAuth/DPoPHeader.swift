import MayflyBroker
import MayflyCrypto

/// The header fields of RFC 9449: a proof on its way in, a nonce and a challenge on their way out.
enum DPoPHeader {
    static let name = "DPoP"
    static let nonceName = "DPoP-Nonce"

    /// The one proof that a request comes with; nil for a request without (RFC 9449 §4.3, item 1).
    static func only(in request: HTTPRequest) throws(OAuthError) -> ArraySlice<UInt8>? {
        guard request.fields.contains(name) else { return nil }
        guard let bytes = request.only(name) else {
            throw OAuthError(.invalidDPoPProof, "send one DPoP header, with one proof in it")
        }
        return bytes
    }

    /// `reply` with the nonce for the next proof (RFC 9449 §8.2).
    static func withNonce(_ reply: HTTPReply, broker: Broker) -> HTTPReply {
        guard let nonce = broker.proofs.nonces.fresh() else { return reply }
        var reply = reply
        reply.headers.append((nonceName, nonce))
        return reply
    }

    /// The reply to a refusal, with a nonce where the client is to come again with a proof.
    static func reply(_ reply: HTTPReply, to error: OAuthError, broker: Broker) -> HTTPReply {
        switch error.code {
        case .invalidDPoPProof, .useDPoPNonce: withNonce(reply, broker: broker)
        default: reply
        }
    }

    /// The challenge of a resource whose caller must prove to hold its token's key (RFC 9449 §7.1).
    static func challenge(_ error: String?, scope: String? = nil) -> String {
        var value = "DPoP realm=\"mayfly\""
        if let error { value += ", error=\"\(error)\"" }
        if let scope { value += ", scope=\"\(scope)\"" }
        return value + ", algs=\"" + DPoPProof.algorithms.map(\.rawValue).joined(separator: " ") + "\""
    }
}
