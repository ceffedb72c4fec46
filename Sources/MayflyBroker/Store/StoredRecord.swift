package import MayflyModel

/// What a record is about; the raw value is what the store writes and never changes its meaning.
package enum RecordKind: Int, Sendable, CaseIterable {
    case setting = 1
    case admin = 2
    case owner = 3
    case role = 4
    case resource = 5
    case agent = 6
    case enrolmentCode = 7
    case signingKey = 8
    // 9 was a used mark in the first version of the SQLite file.
    /// A revocation of one token, task or trace.
    case revocation = 10
    /// A part of the ledger that lies in a segment file.
    case archive = 11
    /// A version of the policy.
    case policy = 12
    /// What is spent of a delegation tree's limits.
    case budget = 13
    /// A request that people are asked to approve.
    case approval = 14
    /// Something that happened and that somebody is still to be told of.
    case notice = 15
    /// What an action took from budgets and may give back.
    case reservation = 16
    /// Something that tier 2 let through and that can be taken back.
    case supervision = 17
    /// What is usual for an agent.
    case behaviour = 18
    /// What was counted of a policy's quota.
    case quota = 19
    /// Somebody who vouches for workloads or people.
    case provider = 20
    /// What was decided about a person of a provider.
    case person = 21
}

/// The name of one record.
package struct RecordKey: Hashable, Sendable {
    package let kind: RecordKind
    /// At most 512 bytes, chosen by the broker.
    package let key: [UInt8]

    package init(kind: RecordKind, key: [UInt8]) {
        self.kind = kind
        self.key = key
    }
}

/// One record as the store keeps it; `value` is opaque to the store.
package struct StoredRecord: Equatable, Sendable {
    package let key: RecordKey
    package let value: [UInt8]
    /// From when on the record means nothing and may be removed; nil for one that stays.
    package let expiresAt: Timestamp?

    package init(key: RecordKey, value: [UInt8], expiresAt: Timestamp? = nil) {
        self.key = key
        self.value = value
        self.expiresAt = expiresAt
    }
}
