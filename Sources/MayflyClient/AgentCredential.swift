package import MayflyCrypto

/// Who a client is, and what proves it: a key, or the certificate of its connection.
public struct AgentCredential: Sendable {
    /// For example `agent:support`.
    public let clientID: String
    /// Nil for a client that is known by its certificate.
    package let key: PrivateKey?

    /// A client that is known by the certificate that its connections show (RFC 8705 §2).
    public init(certifiedClientID clientID: String) {
        (self.clientID, key) = (clientID, nil)
    }

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
    /// The client, and the public thumbprint of its key where it has one.
    public var description: String {
        "\(clientID) (\(key.map { "key \($0.publicKey.thumbprint)" } ?? "by certificate"))"
    }
}
