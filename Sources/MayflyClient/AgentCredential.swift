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
    ///
    /// `passphrase` opens one that is encrypted; the caller overwrites its own copy.
    public init(clientID: String, keyFile: String, passphrase: [UInt8]? = nil) throws(ClientError) {
        try self.init(clientID: clientID, keyFile: keyFile, secret: passphrase.map(Self.secret))
    }

    /// Uses a key in a PKCS#11 token, which it never leaves.
    ///
    /// `keyURI` is an RFC 7512 URI with the token's label and the key's label or id; `module` is the absolute path of
    /// the token's library. The token must hold the public half too, with the same id.
    public init(clientID: String, keyURI: String, module: String, pin: [UInt8]) throws(ClientError) {
        guard let uri = PKCS11URI(keyURI) else { throw .keyFile("the URI is not \(PKCS11URI.form)") }
        try self.init(clientID: clientID, keyURI: uri, module: module, pin: Self.secret(pin))
    }

    package init(clientID: String, keyFile: String, secret: Secret?) throws(ClientError) {
        do {
            self.init(clientID: clientID, key: try PrivateKeyFile.read(keyFile, passphrase: secret))
        } catch {
            throw .keyFile(error.description)
        }
    }

    package init(clientID: String, keyURI: PKCS11URI, module: String, pin: Secret) throws(ClientError) {
        do {
            let token = try PKCS11Token(module: module, token: keyURI.token, pin: pin)
            self.init(clientID: clientID, key: try token.privateKey(keyURI.name))
        } catch {
            throw .keyFile(error.description)
        }
    }

    package init(clientID: String, key: PrivateKey) {
        (self.clientID, self.key) = (clientID, key)
    }

    private static func secret(_ bytes: [UInt8]) -> Secret {
        var copy = bytes
        return Secret(taking: &copy)
    }
}

extension AgentCredential: CustomStringConvertible {
    /// The client, and the public thumbprint of its key where it has one.
    public var description: String {
        "\(clientID) (\(key.map { "key \($0.publicKey.thumbprint)" } ?? "by certificate"))"
    }
}
