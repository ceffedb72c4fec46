internal import Glibc
package import MayflyCrypto
package import MayflyModel

extension BrokerClient {
    /// Makes a key, registers it with a single-use code, and writes it to a new file of mode 0600.
    ///
    /// The file is written first: a key that the broker knows and nobody holds would be worse than a file too many. It
    /// goes when the broker refuses, and stays when nobody can tell whether the broker took it.
    public func enrol(agent: String, code: String, keyFile: String) throws(ClientError) -> AgentCredential {
        try enrol(agent, code: code, keyFile: keyFile)
    }

    /// The same for an agent or an owner, by the whole name.
    ///
    /// With a passphrase the file is encrypted.
    package func enrol(
        _ holder: String, code: String, keyFile: String, passphrase: Secret? = nil
    ) throws(ClientError) -> AgentCredential {
        let key = try makeKey(at: keyFile, passphrase)
        try register(keyFile) { () throws(ClientError) in
            try enrol(holder, code: code, key: key, label: "enrolled")
        }
        return AgentCredential(clientID: holder, key: key)
    }

    /// Makes a further key, signed in by the credential's own, and writes it to a new file of mode 0600.
    public func rotateKey(of credential: AgentCredential, to keyFile: String) throws(ClientError) -> AgentCredential {
        try rotateKey(of: credential, to: keyFile, passphrase: nil)
    }

    /// The same, with a file that is encrypted if there is a passphrase.
    package func rotateKey(
        of credential: AgentCredential, to keyFile: String, passphrase: Secret?
    ) throws(ClientError) -> AgentCredential {
        let key = try makeKey(at: keyFile, passphrase)
        try register(keyFile) { () throws(ClientError) in
            try addKey(key, label: "rotated", expires: nil, as: credential)
        }
        return AgentCredential(clientID: credential.clientID, key: key)
    }

    /// Registers a key with an enrolment code; answers the record of whom it belongs to.
    package func enrol(
        _ holder: String, code: String, key: PrivateKey, label: String
    ) throws(ClientError) -> JSONObject {
        let nonce = Base64URL.encode(SHA256.digest(of: Array(code.utf8)).bytes)
        let body: JSONObject = [
            "code": .string(code), "label": .string(label),
            "proof": .string(try assertions.keyProof(of: key, for: holder, nonce: nonce)),
        ]
        return try post("/api/v1/enrol", body)
    }

    /// Registers a further key; answers the record of whom it belongs to.
    package func addKey(
        _ key: PrivateKey, label: String, expires: String?, as credential: AgentCredential
    ) throws(ClientError) -> JSONObject {
        let assertion = try assertions.assertion(for: credential)
        var body: JSONObject = [
            "client_assertion": .string(assertion.compact), "label": .string(label),
            "proof": .string(try assertions.keyProof(of: key, for: credential.clientID, nonce: assertion.id)),
        ]
        body["expires"] = expires.map { .string($0) }
        let collection = OwnerID(credential.clientID) == nil ? "agents" : "owners"
        return try post("/api/v1/\(collection)/\(FormBody.segment(credential.clientID))/keys", body)
    }

    private func register(_ keyFile: String, _ send: () throws(ClientError) -> JSONObject) throws(ClientError) {
        do throws(ClientError) {
            _ = try send()
        } catch {
            // A refusal is certain; after a lost answer the key may be registered.
            if case .refused = error { unsafe unlink(keyFile) }
            throw error
        }
    }

    private func post(_ path: String, _ body: JSONObject) throws(ClientError) -> JSONObject {
        try AnswerReader.object(
            try send("POST", path, headers: [Self.jsonType], body: JSONWriter.bytes(of: .object(body))))
    }

    private func makeKey(at path: String, _ passphrase: Secret?) throws(ClientError) -> PrivateKey {
        do {
            let key = try PrivateKey.generate(.es256)
            try PrivateKeyFile.write(key, to: path, passphrase: passphrase)
            return key
        } catch {
            throw .keyFile(error.description)
        }
    }
}
