package import MayflyCrypto
import MayflyLedger
package import MayflyModel

extension Broker {
    /// Writes the first state into an empty store: the first administrator, and active and next signing keys.
    ///
    /// Throws `.conflict` when the store is not empty.
    package static func create(
        in store: any Store, vault: any KeyVault, admin: AdminID, adminKey: PublicKey, wall: any WallClock
    ) throws(StartError) {
        let now = wall.now()
        do throws(StoreError) {
            guard try store.head() == StoreHead() else { throw .conflict }
        } catch {
            throw .store(error)
        }
        var tables = Tables()
        let first = Admin(
            id: admin, keys: [RegisteredKey(key: adminKey, label: "first", addedAt: now, expiresAt: nil)],
            createdAt: now)
        tables.apply(.admin(first))
        do throws(CryptoError) {
            for algorithm in Keyring.algorithms {
                for step in [SigningKeyRecord.State.active, .next] {
                    let key = try vault.create(algorithm)
                    tables.apply(
                        .signingKey(
                            SigningKeyRecord(
                                key: key.publicKey, algorithm: algorithm, state: step, createdAt: now)))
                }
            }
        } catch {
            throw .signingKeys(error)
        }
        let event = LedgerEvent.change(first, "create", actor: "broker")
        let entry = event.entry(index: 0, time: now)
        var frontier = MerkleFrontier()
        _ = frontier.append(entry.leafHash)
        var batch = Batch(
            head: StoreHead(revision: tables.revision, ledgerSize: frontier.size, frontier: frontier.hashes))
        batch.entries = [entry]
        tables.collect(into: &batch)
        do {
            try store.commit(batch)
        } catch {
            throw .store(error)
        }
    }
}
