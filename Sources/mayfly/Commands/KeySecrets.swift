import MayflyClient
import MayflyCrypto
import MayflyModel
import Synchronization

/// Keys that a command line names: in a file, encrypted or not, or in a PKCS#11 token.
enum KeySecrets {
    static let options = [
        Option.value("passphrase-file", "FILE", "the passphrase of an encrypted key, or the PIN of the key's token"),
        Option.value("passphrase-fd", "N", "the same, from a descriptor that is open: 0, or 3 and above"),
        Option.value("passphrase-credential", "NAME", "the same, from a credential that systemd gives"),
        Option.value("pkcs11-module", "FILE", "the library of the key's token (default $MAYFLY_PKCS11_MODULE)"),
    ]

    /// Read once for a command, because a descriptor can be read only once.
    private static let cache = Mutex<Secret?>(nil)

    /// The passphrase or PIN that the options name; nil when they name none.
    static func secret(_ call: Invocation, default source: SecretSource? = nil) throws(CommandError) -> Secret? {
        if let known = cache.withLock({ $0 }) { return known }
        guard let source = try call.secretSource("passphrase") ?? source else { return nil }
        do {
            let secret = try Secret.read(from: source, credentials: call.variable("CREDENTIALS_DIRECTORY"))
            cache.withLock { $0 = secret }
            return secret
        } catch {
            throw .failed("\(error)", next: "put it in one line, in a file of mode 0600, or into an open descriptor")
        }
    }

    /// Whether `path` names a key in a token.
    static func isInToken(_ path: String) -> Bool { path.utf8.starts(with: PKCS11URI.scheme.utf8) }

    /// The key at `path`, which is a file or a URI; `passphrase` is where that of a file is, unless the options say it.
    static func credential(
        _ id: String, at path: String, _ call: Invocation, passphrase: SecretSource? = nil
    ) throws(CommandError) -> AgentCredential {
        guard isInToken(path) else {
            let secret = try secret(call, default: passphrase)
            return try attempt(path) { () throws(ClientError) in
                try AgentCredential(clientID: id, keyFile: path, secret: secret)
            }
        }
        let place = try Place(path, call)
        return try attempt(path) { () throws(ClientError) in
            try AgentCredential(clientID: id, keyURI: place.uri, module: place.module, pin: place.pin)
        }
    }

    /// The key that `uri` names, made in its token when there is none and it is named by its label.
    static func made(at path: String, _ call: Invocation) throws(CommandError) -> PrivateKey {
        let place = try Place(path, call)
        return try attempt(path) { () throws(ClientError) in
            do throws(CryptoError) {
                return try Self.made(place)
            } catch {
                throw .keyFile(error.description)
            }
        }
    }

    private static func made(_ place: Place) throws(CryptoError) -> PrivateKey {
        let token = try PKCS11Token(module: place.module, token: place.uri.token, pin: place.pin)
        do throws(CryptoError) {
            return try token.privateKey(place.uri.name)
        } catch {
            guard error == .pkcs11(.keyMissing), place.uri.id.isEmpty else { throw error }
            let label = String(decoding: place.uri.object, as: UTF8.self)
            return try token.generate(.es256) { _ in label }
        }
    }

    /// A key's place in a token, and what opens it.
    private struct Place {
        let uri: PKCS11URI
        let module: String
        let pin: Secret

        init(_ text: String, _ call: Invocation) throws(CommandError) {
            guard let uri = PKCS11URI(text) else { throw call.usage("the key's URI is not \(PKCS11URI.form)") }
            guard let module = call.value("pkcs11-module") ?? call.variable("MAYFLY_PKCS11_MODULE") else {
                throw call.usage("the key is in a token: give --pkcs11-module FILE, or set MAYFLY_PKCS11_MODULE")
            }
            guard let pin = try KeySecrets.secret(call) else {
                throw call.usage("the key is in a token: give its PIN with --passphrase-file or --passphrase-fd")
            }
            (self.uri, self.module, self.pin) = (uri, module, pin)
        }
    }

    private static func attempt<Value>(
        _ path: String, _ body: () throws(ClientError) -> Value
    ) throws(CommandError) -> Value {
        do {
            return try body()
        } catch {
            throw .failed("\(Table.cell(path)): \(error)", next: error.nextStep)
        }
    }
}
