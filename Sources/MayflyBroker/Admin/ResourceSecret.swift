import MayflyCrypto
import MayflyModel

/// Gives a resource a new generated secret; the old one stops at once.
struct ResourceSecretCommand: Command {
    let resource: ResourceName
    let digest: SHA256Digest
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        guard var resource = state.resources[resource] else { throw .notFound }
        guard resource.spec.authentication == .clientSecretBasic else {
            throw .conflict("the resource authenticates with private_key_jwt and has no secret")
        }
        resource.secretDigest = digest
        resource.version += 1
        return Decided((), changes: [.resource(resource)], events: [.change(resource, "secret", actor: actor)])
    }
}

/// Sets the keys with which a resource signs its assertions.
struct ResourceKeysCommand: Command {
    let resource: ResourceName
    let keys: [PublicKey]
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        guard var resource = state.resources[resource] else { throw .notFound }
        guard keys.count <= RegistryLimits.keysPerClient else {
            throw .conflict("a resource has at most \(RegistryLimits.keysPerClient) keys")
        }
        resource.keys = keys.map { RegisteredKey(key: $0, label: "key", addedAt: moment.now, expiresAt: nil) }
        resource.version += 1
        return Decided((), changes: [.resource(resource)], events: [.change(resource, "keys", actor: actor)])
    }
}
