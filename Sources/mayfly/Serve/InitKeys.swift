import MayflyConfig
import MayflyModel

/// What `mayfly init` is told of where keys are to be, and how they are opened.
enum InitKeys {
    static let options = [
        Option.value("passphrase-file", "FILE", "encrypt the keys with the passphrase in this file"),
        Option.value("passphrase-fd", "N", "the same, from a descriptor that is open, now and at each start"),
        Option.value("passphrase-credential", "NAME", "the same, from a credential that systemd gives"),
        Option.value("pkcs11-module", "FILE", "make the signing keys in a token that this library speaks to"),
        Option.value("pkcs11-token", "LABEL", "the token's label"),
        Option.value("pin-file", "FILE", "a file with the token's PIN; or --pin-fd N, or --pin-credential NAME"),
        Option.value("pin-fd", "N", "the PIN's descriptor"),
        Option.value("pin-credential", "NAME", "the PIN's credential"),
    ]

    static func config(_ call: Invocation) throws(CommandError) -> KeyConfig {
        var keys = KeyConfig()
        keys.passphrase = try source("passphrase", call)
        let pin = try source("pin", call)
        guard let module = call.value("pkcs11-module") else {
            guard pin == nil, call.value("pkcs11-token") == nil else {
                throw call.usage("--pkcs11-token and a PIN need --pkcs11-module")
            }
            return keys
        }
        guard KeyConfig.Token.isModule(module), module.utf8.allSatisfy(PostgresURL.isPlain) else {
            throw call.usage("--pkcs11-module is an absolute path without spaces")
        }
        let label = try call.required("pkcs11-token")
        guard KeyConfig.Token.isLabel(label), !label.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C }) else {
            throw call.usage("--pkcs11-token is a label of 1 to 32 bytes without quotes and backslashes")
        }
        guard let pin else { throw call.usage("the token's PIN is missing: --pin-file FILE, --pin-fd N") }
        if case .descriptor = pin, pin == keys.passphrase {
            throw call.usage("--pin-fd and --passphrase-fd are two descriptors: each is read to its end")
        }
        keys.token = KeyConfig.Token(module: module, label: label, pin: pin)
        return keys
    }

    /// A file that is named goes into the configuration, whose folder is another than this.
    private static func source(_ name: String, _ call: Invocation) throws(CommandError) -> SecretSource? {
        let source = try call.secretSource(name)
        if case .file(let path)? = source {
            guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy(PostgresURL.isPlain) else {
                throw call.usage("--\(name)-file is an absolute path without spaces")
            }
        }
        return source
    }
}
