internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

/// What a commit changed, as the other brokers of a shared store read it.
///
/// Four numbers of four bytes say how many records were put, how many keys were deleted, how many bytes the marks have,
/// and whether a time follows (8 bytes). A record put is its kind (2 bytes), its expiry (8, the least number for none),
/// the length of its key (2), the key, the length of its value (4) and the value; a key deleted is its kind, its length
/// and itself. Marks are as in `MarkGroup`. What the unfinished index segment gets comes last (`TermSegment`), when
/// there are entries: so the others need not read those. Numbers are big-endian.
enum PostgresChanges {
    static func encode(_ batch: Batch, terms: TermSegment?) throws(StoreError) -> [UInt8] {
        var output: [UInt8] = []
        let marks = MarkGroup(batch.marks)?.bytes ?? []
        let time = batch.entries.last?.time
        output.appendBigEndian(try length(batch.puts.count))
        output.appendBigEndian(try length(batch.deletes.count))
        output.appendBigEndian(try length(marks.count))
        output.appendBigEndian(UInt32(time == nil ? 0 : 1))
        if let time { output.appendBigEndian(time.milliseconds) }
        for record in batch.puts {
            try append(record.key, to: &output) { (output: inout [UInt8]) in
                output.appendBigEndian(record.expiresAt?.milliseconds ?? Int64.min)
            }
            output.appendBigEndian(try length(record.value.count))
            output.append(contentsOf: record.value)
        }
        for key in batch.deletes { try append(key, to: &output) { _ in } }
        output.append(contentsOf: marks)
        terms?.append(to: &output)
        return output
    }

    /// Throws `.corrupt` for what `encode` did not write.
    static func decode(
        _ bytes: [UInt8], head: StoreHead
    ) throws(StoreError) -> (batch: CommittedBatch, terms: TermSegment?) {
        var reader = ByteReader(bytes)
        let puts = try reader.integer(UInt32.self)
        let deletes = try reader.integer(UInt32.self)
        let marksLength = Int(try reader.integer(UInt32.self))
        let hasTime = try reader.integer(UInt32.self) == 1
        let time = hasTime ? Timestamp(milliseconds: try reader.integer(Int64.self)) : nil
        var records: [StoredRecord] = []
        for _ in 0..<puts {
            let kind = try kind(&reader)
            let expires = try reader.integer(Int64.self)
            let key = try reader.bytes(Int(try reader.integer(UInt16.self)))
            let value = try reader.bytes(Int(try reader.integer(UInt32.self)))
            records.append(
                StoredRecord(
                    key: RecordKey(kind: kind, key: key), value: value,
                    expiresAt: expires == .min ? nil : Timestamp(milliseconds: expires)))
        }
        var keys: [RecordKey] = []
        for _ in 0..<deletes {
            let kind = try kind(&reader)
            keys.append(RecordKey(kind: kind, key: try reader.bytes(Int(try reader.integer(UInt16.self)))))
        }
        var marks: [UsedMark] = []
        try MarkGroup.forEach(in: try reader.bytes(marksLength)) { marks.append($0) }
        let terms = reader.isAtEnd ? nil : try TermSegment(&reader)
        return (CommittedBatch(puts: records, deletes: keys, marks: marks, time: time, head: head), terms)
    }

    private static func append(
        _ key: RecordKey, to output: inout [UInt8], _ between: (inout [UInt8]) -> Void
    ) throws(StoreError) {
        guard let kind = UInt16(exactly: key.kind.rawValue), let count = UInt16(exactly: key.key.count) else {
            throw .invalid
        }
        output.appendBigEndian(kind)
        between(&output)
        output.appendBigEndian(count)
        output.append(contentsOf: key.key)
    }

    private static func length(_ count: Int) throws(StoreError) -> UInt32 {
        guard let length = UInt32(exactly: count) else { throw .invalid }
        return length
    }

    private static func kind(_ reader: inout ByteReader) throws(StoreError) -> RecordKind {
        guard let kind = RecordKind(rawValue: Int(try reader.integer(UInt16.self))) else { throw .damaged }
        return kind
    }
}
