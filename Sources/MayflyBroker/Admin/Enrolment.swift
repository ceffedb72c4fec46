import MayflyCrypto
import MayflyModel

/// Makes an enrolment code for an agent or an owner; only its digest is kept.
struct IssueCodeCommand: Command {
    let holder: KeyHolder
    let digest: SHA256Digest
    /// Seconds.
    let life: Int64
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Timestamp> {
        guard let record = state.record(of: holder) else { throw .notFound }
        guard record.mayEnrol else {
            throw .conflict("who is to enrol is offboarded or has left, which is for good")
        }
        let expires = moment.now.advanced(bySeconds: life)
        return Decided(
            expires, changes: [.code(EnrolmentCode(id: digest, holder: holder, expires: expires))],
            events: [.change(of: record, "enrolment_code", actor: actor)])
    }
}

/// Registers a key for a code, which is used up.
struct EnrolCommand: Command {
    let code: SHA256Digest
    let holder: KeyHolder
    let key: PublicKey
    let label: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<KeyHolderRecord> {
        // One answer for an unknown, used, expired or foreign code.
        guard let code = state.codes[code], code.holder == holder, moment.now < code.expires,
            let record = state.record(of: holder), record.mayEnrol
        else { throw .oauth(OAuthError(.invalidGrant, "the enrolment code is not valid; ask for a new one")) }
        let keys = try record.keys.adding(key, label: label, expires: nil, at: moment.now)
        let enrolled = record.holding(keys)
        return Decided(
            enrolled, changes: [.removeCode(code.id), enrolled.change],
            events: [.key(.keyEnrolled, key.thumbprint, of: enrolled, actor: holder.text)])
    }
}

/// Registers a further key of one who has signed it in with an older one.
struct AddKeyCommand: Command {
    let holder: KeyHolder
    let key: PublicKey
    let label: String
    let expires: Timestamp?
    let mark: UsedMark

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<KeyHolderRecord> {
        guard !state.used.isSpent(mark, at: moment.now), let record = state.record(of: holder),
            state.maySignIn(record, at: moment.now)
        else { throw .oauth(ClientAuthenticator.refusal) }
        let keys = try record.keys.adding(key, label: label, expires: expires, at: moment.now)
        let changed = record.holding(keys)
        return Decided(
            changed, changes: [.used(mark), changed.change],
            events: [.key(.keyEnrolled, key.thumbprint, of: changed, actor: holder.text)])
    }
}

/// Takes a key from its holder; what it proved before is not undone, so it ends with the key.
struct RemoveKeyCommand: Command {
    let holder: KeyHolder
    let keyID: String
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<KeyHolderRecord> {
        guard let record = state.record(of: holder) else { throw .notFound }
        let rest = record.keys.filter { !$0.keyID.utf8.elementsEqual(keyID.utf8) }
        guard rest.count < record.keys.count else { throw .notFound }
        let changed = record.ending(at: moment.epoch, holding: rest)
        return Decided(
            changed, changes: [changed.change], events: [.key(.keyRemoved, keyID, of: changed, actor: actor)])
    }
}

extension [RegisteredKey] {
    /// These and `key`, without those that have expired.
    ///
    /// Throws `.alreadyExists` for a key that is among them, `.conflict` when there is no room.
    fileprivate func adding(
        _ key: PublicKey, label: String, expires: Timestamp?, at now: Timestamp
    ) throws(BrokerError) -> [RegisteredKey] {
        guard !contains(where: { $0.keyID == key.thumbprint }) else { throw .alreadyExists }
        let valid = filter { $0.isValid(at: now) }
        guard valid.count < RegistryLimits.keysPerClient else {
            throw .conflict("there are as many keys as there may be; remove one first")
        }
        return valid + [RegisteredKey(key: key, label: label, addedAt: now, expiresAt: expires)]
    }
}

extension LedgerEvent {
    fileprivate static func change(of record: KeyHolderRecord, _ step: String, actor: String) -> LedgerEvent {
        switch record {
        case .agent(let agent): .change(agent, step, actor: actor)
        case .owner(let owner): .change(owner, step, actor: actor)
        }
    }

    fileprivate static func key(
        _ kind: Kind, _ keyID: String, of record: KeyHolderRecord, actor: String
    ) -> LedgerEvent {
        var event = LedgerEvent(kind, .ok, actor: actor)
        switch record {
        case .agent(let agent): (event.agent, event.owner) = (agent.id, agent.spec.owner)
        case .owner(let owner): event.owner = owner.id
        }
        event.target = "key:\(keyID)"
        return event
    }
}
