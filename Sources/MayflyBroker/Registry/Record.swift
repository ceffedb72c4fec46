package import MayflyModel

/// Something the broker keeps, found by its id.
package protocol Keyed: Sendable {
    associatedtype ID: Hashable & Sendable

    var id: ID { get }
    /// When it stops to mean anything; nil for one that stays.
    var expiresAt: Timestamp? { get }
}

/// Something the broker keeps that is stored as JSON.
package protocol Record: Keyed {
    static var kind: RecordKind { get }
    /// The store's key for an id.
    static func key(of id: ID) -> [UInt8]
    /// The members that the store keeps; reading them back gives an equal record.
    var stored: JSONObject { get }
}

extension Record {
    package var expiresAt: Timestamp? { nil }

    /// The record as the store takes it.
    var storedRecord: StoredRecord {
        StoredRecord(
            key: RecordKey(kind: Self.kind, key: Self.key(of: id)),
            value: JSONWriter.bytes(of: .object(stored)),
            expiresAt: expiresAt)
    }
}
