import MayflyCrypto
package import MayflyModel

/// A part of the ledger whose entries lie in a segment file.
package struct LedgerArchive: Record, Equatable {
    /// Index of the first entry.
    package let id: UInt64
    package let seal: SegmentSeal
    /// The earliest and the latest time of its entries.
    package let since: Timestamp
    package let until: Timestamp
    package let createdAt: Timestamp
    /// The administrator who asked for it.
    package let actor: String

    package var range: Range<UInt64> { seal.range }

    package static let kind = RecordKind.archive
    package static func key(of id: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: id >> UInt64($0)) }
    }

    package var stored: JSONObject {
        [
            "first": .integer(Int64(clamping: id)), "tiles": .integer(Int64(seal.tiles)), "file": .string(seal.file),
            "size": .integer(seal.size), "sha256": .string(Base64URL.encode(seal.digest.bytes)),
            "root": .string(Base64URL.encode(seal.root.bytes)), "since": .integer(since.milliseconds),
            "until": .integer(until.milliseconds), "created": .integer(createdAt.milliseconds),
            "by": .string(actor),
        ]
    }

    init(seal: SegmentSeal, since: Timestamp, until: Timestamp, createdAt: Timestamp, actor: String) {
        id = seal.first
        self.seal = seal
        self.since = since
        self.until = until
        self.createdAt = createdAt
        self.actor = actor
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = UInt64(try fields.integer("first", in: 0...(1 << 62)))
        seal = SegmentSeal(
            file: try fields.string("file"), first: id, tiles: Int(try fields.integer("tiles", in: 1...256)),
            size: try fields.integer("size", in: 1...Int64.max), digest: try fields.digest("sha256"),
            root: try fields.digest("root"))
        since = Timestamp(milliseconds: try fields.integer("since", in: Int64.min...Int64.max))
        until = Timestamp(milliseconds: try fields.integer("until", in: Int64.min...Int64.max))
        createdAt = Timestamp(milliseconds: try fields.integer("created", in: Int64.min...Int64.max))
        actor = try fields.string("by")
        try fields.finish()
    }
}

/// The archived parts of a ledger, which follow one another without a gap from entry 0.
package struct LedgerArchives: Sendable {
    /// Ascending.
    package let all: [LedgerArchive]

    package init(_ archives: [LedgerArchive]) {
        all = archives.sorted { $0.id < $1.id }
    }

    /// Index of the first entry that is not archived.
    package var end: UInt64 { all.last?.range.upperBound ?? 0 }

    /// The archive that holds entry `index`.
    func holding(_ index: UInt64) -> LedgerArchive? {
        var lower = 0
        var upper = all.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if all[middle].range.upperBound <= index { lower = middle + 1 } else { upper = middle }
        }
        return all.indices.contains(lower) && all[lower].range.contains(index) ? all[lower] : nil
    }
}
