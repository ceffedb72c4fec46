internal import MayflyModel

/// Who asks about tokens: a resource with its secret, or a resource or administrator with a key.
public enum Asker: Sendable, CustomStringConvertible {
    /// A resource's name and secret (RFC 6749 §2.3.1).
    case secret(name: String, secret: String)
    case key(AgentCredential)

    /// The name alone.
    public var description: String {
        switch self {
        case .secret(let name, _): name
        case .key(let credential): credential.clientID
        }
    }

    /// HTTP Basic with form-escaped halves.
    static func basic(_ name: String, _ secret: String) -> (name: String, value: String) {
        let pair = FormBody.escaped(name) + ":" + FormBody.escaped(secret)
        return ("Authorization", "Basic " + Base64.encode(Array(pair.utf8)))
    }
}
