internal import Glibc
import MayflyConfig
import MayflyCrypto
import MayflyModel

/// `mayfly keys encrypt`: the key files of a broker's directory, encrypted where they lie.
enum EncryptKeysCommand: CommandLineCommand {
    static let name = "keys encrypt"
    static let summary = "Encrypt the key files of a broker's directory that are not encrypted yet"
    static let details = """
        First name the passphrase in config/mayfly.yaml: passphrase_file, passphrase_fd or passphrase_credential under
        keys. Each file is replaced by its encrypted form at once, and only after that opens again. What was on the
        disk before may still be found there, and in backups: rotate the keys afterwards.
        """
    static let options = [Option.value("dir", "D", "the broker's directory")]
    static let examples = ["mayfly keys encrypt --dir ./broker"]

    static func run(_ call: Invocation) throws(CommandError) {
        let config: BrokerConfig
        do {
            config = try BrokerConfig.load(directory: try call.required("dir"))
        } catch let error as CommandError {
            throw error
        } catch {
            throw .failed("\(error)", next: "correct the file, or name a directory that mayfly init made")
        }
        guard let source = config.keys.passphrase else {
            throw .failed(
                "the configuration names no passphrase",
                next: "add passphrase_file, passphrase_fd or passphrase_credential under keys in config/mayfly.yaml")
        }
        var encrypted: [String] = []
        do throws(CryptoError) {
            let passphrase = try Secret.read(from: source, credentials: call.variable("CREDENTIALS_DIRECTORY"))
            for file in try PrivateKeyFile.unencrypted(in: config.keysDirectory) {
                try PrivateKeyFile.encrypt("\(config.keysDirectory)/\(file)", with: passphrase)
                encrypted.append(file)
            }
        } catch {
            throw .failed(
                "\(error); \(encrypted.count) files were encrypted before", next: KeyPlace.nextStep(error, config))
        }
        RecordOutput.done(
            "encrypted \(encrypted.count) key files in \(Table.cell(config.keysDirectory))",
            ["encrypted": .array(encrypted.map { .string($0) })], call)
    }
}
