import MayflyClient
import MayflyModel

extension Connection {
    /// The options of what an owner may do as well as an administrator.
    static let personOptions =
        adminOptions + [
            Option.value("as", "OWNER", "the owner who acts (default: the administrator)"),
            Option.value("key", "KEY", "the owner's key (default owner:NAME.pem in $MAYFLY_KEYS or ~/.mayfly)"),
        ]

    /// The session of the owner that `--as` names, or of the administrator.
    static func person(_ call: Invocation) throws(CommandError) -> AdminSession {
        guard let name = call.value("as") else {
            guard call.value("key") == nil else { throw call.usage("--key goes with --as; --admin-key is another's") }
            return try admin(call)
        }
        guard let owner = OwnerID(lenient: name) else {
            throw call.usage("--as is an owner: owner: and then 1 to 63 of a-z 0-9 . _ -")
        }
        let credential = try KeySecrets.credential(owner.text, at: try keyPath(of: owner.text, call), call)
        return AdminSession(client: try client(call), credential: credential, powers: .approver)
    }
}
