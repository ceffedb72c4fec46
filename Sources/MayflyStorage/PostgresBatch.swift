internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

/// The steps that write a batch, but for those that begin, move the head and commit.
struct PostgresBatch {
    static let statements = [put, delete, addMarks, addChunk, addTerms, addSegment, addSubtree]

    private static let put = PostgresStatement(
        "put",
        """
        INSERT INTO mayfly_record (kind, key, value, expires) VALUES ($1, $2, $3, $4)
        ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires = excluded.expires
        """, .integer, .blob, .blob, .integer)
    static let delete = PostgresStatement(
        "delete", "DELETE FROM mayfly_record WHERE kind = $1 AND key = $2", .integer, .blob)
    private static let addMarks = PostgresStatement(
        "add_marks", "INSERT INTO mayfly_mark (id, expires, marks) VALUES ($1, $2, $3)", .integer, .integer, .blob)
    private static let addChunk = PostgresStatement(
        "add_chunk", "INSERT INTO mayfly_ledger (last, entries) VALUES ($1, $2)", .integer, .blob)
    private static let addTerms = PostgresStatement(
        "add_terms", "INSERT INTO mayfly_term (id, postings) VALUES ($1, $2)", .integer, .blob)
    private static let addSegment = PostgresStatement(
        "add_segment", "INSERT INTO mayfly_segment (number, earliest, latest) VALUES ($1, $2, $3)", .integer,
        .integer, .integer)
    private static let addSubtree = PostgresStatement(
        "add_subtree", "INSERT INTO mayfly_subtree (level, idx, hash) VALUES ($1, $2, $3)", .integer, .integer, .blob)

    private(set) var steps: [PostgresStep] = []
    /// The terms that the unfinished segment gets.
    private(set) var terms: TermSegment?

    /// `serial` is the number of the commit; `tail` knows of the unfinished segment what came before.
    init(_ batch: Batch, serial: Int64, _ hash: TermHash, tail: TermTail) throws(StoreError) {
        for record in batch.puts {
            steps.append(
                Self.put(
                    .integer(Int64(record.key.kind.rawValue)), .blob(record.key.key), .blob(record.value),
                    .integer(orNull: record.expiresAt?.milliseconds)))
        }
        for key in batch.deletes { steps.append(Self.delete(.integer(Int64(key.kind.rawValue)), .blob(key.key))) }
        if let group = MarkGroup(batch.marks) {
            steps.append(
                Self.addMarks(.integer(serial), .integer(group.expiresAt.milliseconds), .blob(group.bytes)))
        }
        try addEntries(batch.entries, hash, tail)
        for subtree in batch.subtrees {
            steps.append(
                Self.addSubtree(
                    .integer(Int64(subtree.level)), .integer(try Int64(counter: subtree.index)),
                    .blob(subtree.hash.bytes)))
        }
    }

    private mutating func addEntries(
        _ entries: [LedgerEntry], _ hash: TermHash, _ tail: TermTail
    ) throws(StoreError) {
        guard let first = entries.first else { return }
        for chunk in try LedgerChunk.pack(entries) {
            steps.append(Self.addChunk(.integer(try Int64(counter: chunk.last)), .blob(chunk.bytes)))
        }
        var segment = TermSegment(number: first.index / TermSegment.width)
        for entry in entries {
            segment.add(entry, hash)
            guard entry.index % TermSegment.width == TermSegment.width - 1 else { continue }
            try addIndex(of: tail.joined(with: segment))
            segment = TermSegment(number: segment.number + 1)
        }
        terms = segment
    }

    private mutating func addIndex(of segment: TermSegment) throws(StoreError) {
        for row in segment.rows() { steps.append(Self.addTerms(.integer(row.key), .blob(row.bytes))) }
        steps.append(
            Self.addSegment(
                .integer(try Int64(counter: segment.number)), .integer(segment.earliest.milliseconds),
                .integer(segment.latest.milliseconds)))
    }
}
