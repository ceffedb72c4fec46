import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyModel

extension DoctorCommand {
    /// Whether the private keys are in reach, and the signing keys what their records say.
    static func keys(_ config: BrokerConfig, _ store: any Store) -> [Finding] {
        let place: KeyPlace
        do {
            place = try KeyPlace(config)
        } catch {
            let trouble = "\(error); \(KeyPlace.nextStep(error, config))"
            return [Finding(check: "private keys are in reach", trouble: trouble)]
        }
        let records: [SigningKeyRecord]
        do {
            records = try Broker.signingKeys(in: store)
        } catch {
            return [Finding(check: "records", trouble: "\(error)")]
        }
        let signing = records.sorted { $0.id < $1.id }.filter { $0.state.mayComeToSign }
        let ledgerKey = look("ledger key can be used", config) { () throws(CryptoError) in
            _ = try place.read(RunningBroker.ledgerKeyPath(config))
        }
        return encryption(config) + [ledgerKey] + signing.map { finding($0, place, config) }
    }

    /// Whether the files are encrypted, where a passphrase says that they are to be.
    private static func encryption(_ config: BrokerConfig) -> [Finding] {
        guard config.keys.passphrase != nil else { return [] }
        let name = "key files are encrypted"
        do {
            let plain = try PrivateKeyFile.unencrypted(in: config.keysDirectory)
            guard let first = plain.first else { return [Finding(check: name)] }
            return [Finding(check: name, trouble: "\(first) is not; encrypt it with: mayfly keys encrypt --dir D")]
        } catch {
            return [Finding(check: name, trouble: "\(error); \(KeyPlace.nextStep(error, config))")]
        }
    }

    private static func finding(_ record: SigningKeyRecord, _ place: KeyPlace, _ config: BrokerConfig) -> Finding {
        let name = "\(record.algorithm.rawValue) \(record.state.rawValue) key \(record.id)"
        let key: PrivateKey
        do {
            key = try place.vault.load(record.id)
        } catch {
            return Finding(check: name, trouble: "\(error); \(KeyPlace.nextStep(error, config))")
        }
        let isMeantForToken = config.keys.token != nil
        let found = look("\(name) \(key.isInToken ? "in its token " : "")agrees with libjwt", config) {
            () throws(CryptoError) in
            try CrossCheck.run(key)
        }
        guard found.trouble == nil, isMeantForToken, !key.isInToken else { return found }
        return Finding(
            check: found.check,
            trouble: "the key is in a file and not in the token; mayfly keys rotate, twice, makes keys in the token")
    }

    private static func look(
        _ name: String, _ config: BrokerConfig, _ body: () throws(CryptoError) -> Void
    ) -> Finding {
        do {
            try body()
            return Finding(check: name)
        } catch {
            return Finding(check: name, trouble: "\(error); \(KeyPlace.nextStep(error, config))")
        }
    }
}
