import MayflyCrypto
import MayflyModel

/// What came of the compromise of a signing key.
package struct KeyCompromise: Sendable {
    package let keyID: String
    /// The key that signs in its place from now on; nil when the compromised key signed nothing any more, or not yet.
    package let successor: String?
    /// The compromised key's record, and those of the keys that moved with it.
    package let changed: [SigningKeyRecord]
}

/// Ends a signing key and everything that may rest on it, and has the next one of its algorithm sign.
struct CompromiseKeyCommand: Command {
    let keyID: String
    /// The new next key; its private half is kept already, as that of `active`.
    var next: PublicKey?
    /// A key that is to sign at once, because the next one, `unusable`, cannot.
    var active: PublicKey?
    var unusable: String?
    let actor: String
    let reason: String

    static let moved = BrokerError.conflict("the signing keys have moved meanwhile; list them, and ask again")

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<KeyCompromise> {
        guard var record = state.signingKeys[keyID] else { throw .notFound }
        let was = record.state
        guard was != .compromised else {
            throw .conflict("the key is compromised already: it is in no key set, and what it signed is dead")
        }
        record.state = .compromised
        record.retiresAt = nil
        record.compromisedAt = moment.now
        var changed = [record]
        var successor: String?
        if was == .active {
            let promoted = try promoted(record.algorithm, state, moment)
            successor = promoted.first?.id
            changed += promoted
        }
        if was.mayComeToSign {
            guard let next else { throw Self.moved }
            changed.append(
                SigningKeyRecord(key: next, algorithm: record.algorithm, state: .next, createdAt: moment.now))
        }
        return Decided(
            KeyCompromise(keyID: keyID, successor: successor, changed: changed),
            changes: changed.map { .signingKey($0) }
                + [.setting(Setting(id: .delegationFloor, value: moment.now.seconds))],
            events: events(was, changed))
    }

    /// The key that signs from now on, and the next one that cannot.
    private func promoted(
        _ algorithm: SignatureAlgorithm, _ state: Tables, _ moment: Moment
    ) throws(BrokerError) -> [SigningKeyRecord] {
        guard var next = state.signingKeys.all.first(where: { $0.state == .next && $0.algorithm == algorithm }) else {
            throw Self.moved
        }
        guard let unusable, next.id == unusable else {
            next.state = .active
            return [next]
        }
        guard let active else { throw Self.moved }
        next.state = .retiring
        next.retiresAt = moment.now
        return [
            SigningKeyRecord(key: active, algorithm: algorithm, state: .active, createdAt: moment.now), next,
        ]
    }

    private func events(_ was: SigningKeyRecord.State, _ changed: [SigningKeyRecord]) -> [LedgerEvent] {
        changed.map { record in
            let isIt = record.state == .compromised
            var event = LedgerEvent(isIt ? .signingKeyCompromised : .signingKeyRotated, .ok, actor: actor)
            event.action = isIt ? was.rawValue : record.state.rawValue
            event.target = "key:\(record.id)"
            if isIt { event.reason = reason }
            return event
        }
    }
}
