package import MayflyCrypto

/// Who a client is, and the key that proves it.
public struct AgentCredential: Sendable {
    /// For example `agent:support`.
    public let clientID: String
    package let key: PrivateKey

    /// Reads the key from a PKCS#8 PEM file that only its owner can read (mode 0600).
    public init(clientID: String, keyFile: String) throws(ClientError) {
        do {
            self.init(clientID: clientID, key: try PrivateKeyFile.read(keyFile))
        } catch {
            throw .keyFile(error.description)
        }
    }

    package init(clientID: String, key: PrivateKey) {
        (self.clientID, self.key) = (clientID, key)
    }
}

extension AgentCredential: CustomStringConvertible {
    /// The client and the public thumbprint of its key.
    public var description: String { "\(clientID) (key \(key.publicKey.thumbprint))" }
}
