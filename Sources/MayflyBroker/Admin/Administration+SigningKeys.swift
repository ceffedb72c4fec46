import MayflyCrypto
import MayflyLedger
import MayflyModel

extension Administration {
    /// Moves the signing keys one step on.
    package func rotateKeys(by actor: String, _ completion: @escaping Completion<[SigningKeyRecord]>) {
        let fresh: [(PublicKey, SignatureAlgorithm)]
        do throws(CryptoError) {
            var made: [(PublicKey, SignatureAlgorithm)] = []
            // What is about to sign must be there: once the records say that it signs, nothing starts without it.
            for record in state.read({ $0.signingKeys.all }) where record.state == .next {
                try CrossCheck.run(try vault.load(record.id))
            }
            for algorithm in Keyring.algorithms { made.append((try vault.create(algorithm).publicKey, algorithm)) }
            fresh = made
        } catch {
            completion(.failure(.unavailable(.keysFailed)))
            return
        }
        let retirement = RegistryLimits.maximumTokenLife + settings.clockSkew
        let (keyring, vault) = (keyring, vault)
        writer.submit(RotateKeysCommand(fresh: fresh, retirement: retirement, actor: actor)) { result in
            guard case .success(let records) = result else { return completion(result) }
            for record in records where record.state == .retiring { vault.remove(record.id) }
            completion(keyring.isComplete ? result : .failure(.unavailable(.keysFailed)))
        }
    }

    /// Ends a signing key that others may have: from the answer on it is in no key set, and neither what it signed nor
    /// what was made from that is alive anywhere.
    ///
    /// An active key's place is taken by its algorithm's next one in the same commit.
    package func compromiseKey(
        _ keyID: String, reason: String, by actor: String, _ completion: @escaping Completion<KeyCompromise>
    ) {
        guard !ledger.verifierKey.isCalled(keyID) else {
            return completion(.failure(.conflict(Self.ledgerKeyAdvice)))
        }
        let records = state.read { $0.signingKeys.all }
        guard let record = records.first(where: { $0.id.utf8.elementsEqual(keyID.utf8) }) else {
            return completion(.failure(.notFound))
        }
        var command = CompromiseKeyCommand(keyID: record.id, actor: actor, reason: reason)
        do throws(CryptoError) {
            // A rotation may move the key meanwhile: then the command says whether it still needs what is made here.
            if record.state.mayComeToSign { command.next = try vault.create(record.algorithm).publicKey }
            let next = records.first { $0.state == .next && $0.algorithm == record.algorithm }
            if record.state == .active, let next, !isSound(next) {
                command.unusable = next.id
                command.active = try vault.create(record.algorithm).publicKey
            }
        } catch {
            return completion(.failure(.unavailable(.keysFailed)))
        }
        let made = [command.next, command.active].compactMap { $0?.thumbprint }
        let (keyring, vault) = (keyring, vault)
        writer.submit(command) { result in
            switch result {
            case .success(let done):
                for keyID in made where !done.changed.contains(where: { $0.id == keyID }) { vault.remove(keyID) }
                counted(.key, completion)(keyring.isComplete ? result : .failure(.unavailable(.keysFailed)))
            case .failure(let error):
                // After a commit of which nobody knows whether it was kept, a key must stay.
                if case .unavailable = error {} else { for keyID in made { vault.remove(keyID) } }
                completion(result)
            }
        }
    }

    private static let ledgerKeyAdvice =
        "this key signs the ledger's checkpoints and no token: stop the broker, put a new keys/ledger.pem in its place, "
        + "and give everybody who checks the ledger the new verifier key"

    /// Whether a key that is to sign next can do so.
    private func isSound(_ record: SigningKeyRecord) -> Bool {
        do throws(CryptoError) {
            try CrossCheck.run(try vault.load(record.id))
            return true
        } catch {
            return false
        }
    }
}
