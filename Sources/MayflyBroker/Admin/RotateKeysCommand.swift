import MayflyCrypto
import MayflyModel

/// Moves every signing key one step: next signs, active retires, and a new next is published.
struct RotateKeysCommand: Command {
    /// The new next keys; their private halves are kept already.
    let fresh: [(key: PublicKey, algorithm: SignatureAlgorithm)]
    /// Seconds until the last token of a retiring key has died.
    let retirement: Int64
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<[SigningKeyRecord]> {
        var records: [SigningKeyRecord] = []
        for var record in state.signingKeys.all {
            switch record.state {
            case .next: record.state = .active
            case .active:
                record.state = .retiring
                record.retiresAt = moment.now.advanced(bySeconds: retirement)
            case .retiring, .compromised: continue
            }
            records.append(record)
        }
        for (key, algorithm) in fresh {
            records.append(SigningKeyRecord(key: key, algorithm: algorithm, state: .next, createdAt: moment.now))
        }
        let events = records.map { record in
            var event = LedgerEvent(.signingKeyRotated, .ok, actor: actor)
            event.action = record.state.rawValue
            event.target = "key:\(record.id)"
            return event
        }
        return Decided(records, changes: records.map { .signingKey($0) }, events: events)
    }
}
