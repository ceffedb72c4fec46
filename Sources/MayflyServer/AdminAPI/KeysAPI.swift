import MayflyBroker
import MayflyModel

/// `/api/v1/keys`: the broker's signing keys.
enum KeysAPI {
    static let endpoints = [
        Endpoint("GET", "/api/v1/keys", "List signing keys", access: .read, success: (200, "SigningKeys")) {
            call throws(Failure) in
            .reply(AdminReply.object(["keys": json(call.broker.state.read { $0.signingKeys.all })]))
        },
        Endpoint(
            "POST", "/api/v1/keys/rotate", "Move the signing keys one step: next to active, active to retiring",
            access: .admin, success: (200, "SigningKeys")
        ) { call throws(Failure) in
            .waiting({ call.broker.administration.rotateKeys(by: call.actor, $0) }) { keys in
                AdminReply.object(["keys": json(keys)])
            }
        },
        Endpoint(
            "POST", "/api/v1/keys/{kid}/compromise",
            "Take a signing key out of the key set at once, and end what it signed and what was made from that",
            access: .admin, request: "KeyCompromiseRequest", success: (200, "KeyCompromise")
        ) { call throws(Failure) in
            let keyID = call.parameters["kid"] ?? ""
            var fields = try call.fields()
            let reason = try RegistryAPI.field { () throws(FieldError) in
                let reason = try RegistryAPI.requiredReason(&fields)
                try fields.finish()
                return reason
            }
            return .waiting({
                call.broker.administration.compromiseKey(keyID, reason: reason, by: call.actor, $0)
            }) { done in
                var object: JSONObject = ["compromised": .string(done.keyID)]
                object["successor"] = done.successor.map { .string($0) }
                object["keys"] = json(done.changed)
                return AdminReply.object(object)
            }
        },
    ]

    private static func json(_ keys: [SigningKeyRecord]) -> JSONValue {
        .array(keys.sorted { $0.id < $1.id }.map { .object($0.stored) })
    }
}
