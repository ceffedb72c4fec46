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
    /// As given by whoever wrote `bytes`; nil for an entry read back, since a store keeps the bytes alone.
    private let given: LedgerTerms?

    /// A new entry, whose `bytes` hold `terms` as `LedgerTerms(reading:)` finds them.
    package init(index: UInt64, time: Timestamp, leafHash: SHA256Digest, bytes: [UInt8], terms: LedgerTerms) {
        (self.index, self.time, self.leafHash, self.bytes) = (index, time, leafHash, bytes)
        given = terms
    }

    /// An entry as a store keeps it.
    package init(index: UInt64, time: Timestamp, leafHash: SHA256Digest, bytes: [UInt8]) {
        (self.index, self.time, self.leafHash, self.bytes) = (index, time, leafHash, bytes)
        given = nil
    }

    /// What the entry is found by; read from the bytes each time, unless the entry is new.
    package var terms: LedgerTerms { given ?? LedgerTerms(reading: bytes) }

    /// The terms follow from the bytes.
    package static func == (left: LedgerEntry, right: LedgerEntry) -> Bool {
        left.index == right.index && left.time == right.time && left.leafHash == right.leafHash
            && left.bytes == right.bytes
    }
}
