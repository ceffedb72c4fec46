internal import MayflyBroker
internal import MayflyModel

/// The statements that append to ledger and index.
final class LedgerAppender {
    private let addChunk: SQLiteStatement
    private let addTerms: SQLiteStatement
    private let addSegment: SQLiteStatement

    init(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        addChunk = try SQLiteStatement("INSERT INTO ledger (last, entries) VALUES (?, ?)", on: connection)
        addTerms = try SQLiteStatement("INSERT INTO term (id, postings) VALUES (?, ?)", on: connection)
        addSegment = try SQLiteStatement(
            "INSERT INTO segment (number, earliest, latest) VALUES (?, ?, ?)", on: connection)
    }

    /// Writes `entries`, and the index of each segment that they fill; answers what the unfinished one gets.
    ///
    /// `join` puts what is known of a segment already before what these entries add.
    func append(
        _ entries: [LedgerEntry], _ hash: TermHash, join: (TermSegment) -> TermSegment
    ) throws(StoreError) -> TermSegment? {
        guard let first = entries.first else { return nil }
        for chunk in try LedgerChunk.pack(entries) {
            try addChunk.execute(.integer(try Int64(counter: chunk.last)), .blob(chunk.bytes))
        }
        var segment = TermSegment(number: first.index / TermSegment.width)
        for entry in entries {
            segment.add(entry, hash)
            guard entry.index % TermSegment.width == TermSegment.width - 1 else { continue }
            try seal(join(segment))
            segment = TermSegment(number: segment.number + 1)
        }
        return segment
    }

    private func seal(_ segment: TermSegment) throws(StoreError) {
        for row in segment.rows() { try addTerms.execute(.integer(row.key), .blob(row.bytes)) }
        try addSegment.execute(
            .integer(try Int64(counter: segment.number)), .integer(segment.earliest.milliseconds),
            .integer(segment.latest.milliseconds))
    }
}
