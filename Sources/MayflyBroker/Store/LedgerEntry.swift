package import MayflyCrypto
package import MayflyModel

/// One ledger entry: the exact bytes that the Merkle tree covers, and the terms by which it is found.
package struct LedgerEntry: Equatable, Sendable {
    /// From 0, without gaps.
    package let index: UInt64
    package let time: Timestamp
    /// SHA-256(0x00 ‖ bytes), RFC 9162 §2.1.1.
    package let leafHash: SHA256Digest
    /// UTF-8 JSON, stored and hashed as it is here and never written again from parts.
    package let bytes: [UInt8]
    package let terms: LedgerTerms

    package init(index: UInt64, time: Timestamp, leafHash: SHA256Digest, bytes: [UInt8], terms: LedgerTerms) {
        self.index = index
        self.time = time
        self.leafHash = leafHash
        self.bytes = bytes
        self.terms = terms
    }
}

/// What an entry is found by; the same values stand inside its bytes.
package struct LedgerTerms: Equatable, Sendable {
    /// For example `token.issued`; see `docs/design.md`.
    package var event: String
    /// `ok`, `refused` or `denied`.
    package var outcome: String
    package var agent: String?
    package var owner: String?
    package var resource: String?
    package var task: String?
    package var trace: String?
    /// A token's `jti`.
    package var token: String?

    package init(
        event: String, outcome: String, agent: String? = nil, owner: String? = nil, resource: String? = nil,
        task: String? = nil, trace: String? = nil, token: String? = nil
    ) {
        self.event = event
        self.outcome = outcome
        self.agent = agent
        self.owner = owner
        self.resource = resource
        self.task = task
        self.trace = trace
        self.token = token
    }
}

/// A search over the ledger; every term that is set must match exactly.
package struct LedgerQuery: Sendable {
    package static let maximumLimit = 1000

    package var event: String?
    package var outcome: String?
    package var agent: String?
    package var owner: String?
    package var resource: String?
    package var task: String?
    package var trace: String?
    package var token: String?
    /// Inclusive.
    package var since: Timestamp?
    /// Exclusive.
    package var until: Timestamp?
    /// Only entries with a smaller index; the cursor of the next page.
    package var before: UInt64?
    /// 1 to `maximumLimit`.
    package var limit: Int

    package init(limit: Int = 100) {
        self.limit = limit
    }
}
