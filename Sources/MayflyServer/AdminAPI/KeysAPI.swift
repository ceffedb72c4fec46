import MayflyBroker
import MayflyModel

/// `/api/v1/keys`: the broker's signing keys.
enum KeysAPI {
    static let endpoints = [
        Endpoint("GET", "/api/v1/keys", "List signing keys", access: .read, success: (200, "SigningKeys")) {
            call throws(Failure) in
            let keys = call.broker.state.read { $0.signingKeys.all }.sorted { $0.id < $1.id }
            return .reply(AdminReply.object(["keys": .array(keys.map { .object($0.stored) })]))
        },
        Endpoint(
            "POST", "/api/v1/keys/rotate", "Move the signing keys one step: next to active, active to retiring",
            access: .admin, success: (200, "SigningKeys")
        ) { call throws(Failure) in
            .waiting({ call.broker.administration.rotateKeys(by: call.actor, $0) }) { keys in
                AdminReply.object(["keys": .array(keys.sorted { $0.id < $1.id }.map { .object($0.stored) })])
            }
        },
    ]
}
