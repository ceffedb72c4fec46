import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyModel

/// The broker's private keys as its configuration says: the secrets that open them, read once, and the vault.
struct KeyPlace {
    let vault: any KeyVault
    /// Opens and encrypts the key files; nil for files that are not encrypted.
    let passphrase: Secret?

    init(_ config: BrokerConfig) throws(CryptoError) {
        let credentials = Environment.variables()["CREDENTIALS_DIRECTORY"]
        if let source = config.keys.passphrase {
            passphrase = try Secret.read(from: source, credentials: credentials)
        } else {
            passphrase = nil
        }
        let files = FileKeyVault(directory: config.keysDirectory, passphrase: passphrase)
        guard let token = config.keys.token else {
            vault = files
            return
        }
        let pin = try Secret.read(from: token.pin, credentials: credentials)
        vault = PKCS11KeyVault(
            token: try PKCS11Token(module: token.module, token: token.label, pin: pin), files: files)
    }

    /// Reads one of the broker's other keys.
    func read(_ path: String) throws(CryptoError) -> PrivateKey {
        try PrivateKeyFile.read(path, passphrase: passphrase)
    }

    /// Writes a new key as the configuration wants its files.
    func write(_ key: PrivateKey, to path: String) throws(CryptoError) {
        try PrivateKeyFile.write(key, to: path, passphrase: passphrase)
    }

    /// What to do about a key that cannot be used.
    static func nextStep(_ error: CryptoError, _ config: BrokerConfig) -> String {
        switch error {
        case .pkcs11(.moduleNotLoaded): "name the module's file in keys.pkcs11.module; is its package installed?"
        case .pkcs11(.tokenMissing), .pkcs11(.tokenAmbiguous):
            "name the token as it is labelled in keys.pkcs11.token, and see that it is in its slot"
        case .pkcs11(.pinWrong), .pkcs11(.pinLocked), .pkcs11(.pinRefusedBefore):
            "put the right PIN where keys.pkcs11 says; a token locks itself after a few wrong ones"
        case .pkcs11(.keyMissing), .pkcs11(.keyAmbiguous), .pkcs11(.publicKeyMissing):
            "restore the token's keys, or the key's file; both halves of a key are needed"
        case .pkcs11: "look at the token with pkcs11-tool, and run mayfly doctor"
        case .passphraseMissing: "name it with passphrase_file, passphrase_fd or passphrase_credential under keys"
        case .passphraseWrong: "put the right passphrase where keys.passphrase_… says"
        case .secret(.noCredentials): "start the broker as a unit of systemd with LoadCredential=, or name a file"
        case .secret(.descriptor): "start the broker with the descriptor open, as in: mayfly serve --dir D 3< FILE"
        case .secret: "correct what keys names in mayfly.yaml, or what is there"
        default: "each key in \(config.keysDirectory) is needed, belongs to this user and has mode 0600"
        }
    }
}
