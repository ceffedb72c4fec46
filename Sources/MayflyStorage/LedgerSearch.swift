internal import CSQLite
internal import MayflyBroker
internal import MayflyModel

/// What a search reads of ledger and index; all of it of one committed state.
protocol LedgerPages: AnyObject {
    /// Index of the first entry that is stored; nil when there is none.
    func start() throws(StoreError) -> UInt64?
    /// The chunk that holds the entry `index`, which is known to be there.
    func chunk(holding index: UInt64) throws(StoreError) -> LedgerChunk
    /// The last chunk that ends in `range`.
    func newestChunk(_ range: Range<UInt64>) throws(StoreError) -> LedgerChunk?
    /// The row of a full segment that holds `hash`; empty when there is none.
    func postings(_ segment: UInt64, _ hash: UInt32) throws(StoreError) -> [UInt8]
    /// Numbers of full segments with times in the range, newest first, some at a time.
    func segments(below limit: UInt64, since: Timestamp?, until: Timestamp?) throws(StoreError) -> [UInt64]
    /// How many segments are full.
    func segmentCount() throws(StoreError) -> UInt64
}

/// One search over the ledger, from the newest entry back, until enough is found.
struct LedgerSearch {
    private let query: LedgerQuery
    private let hashes: [UInt32]
    private(set) var found: [LedgerEntry] = []
    /// The chunk that was read last, since neighbours often match together.
    private var chunk: [LedgerEntry] = []
    /// The first entry that is stored: the index may still name some that were trimmed away.
    private var start: UInt64 = 0

    init(_ query: LedgerQuery, _ hash: TermHash) {
        self.query = query
        hashes = hash.hashes(of: query)
    }

    private var isDone: Bool { found.count >= query.limit }

    /// Reads through `rows`, which sees one committed state: that of its first reading.
    mutating func run(_ rows: some LedgerPages, tail: TermTail) throws(StoreError) {
        guard !hashes.isEmpty else { return try runWithoutTerms(rows) }
        // Before anything is read: what is committed in between must not be named and then not be there.
        let newest = tail.indexes(ofAll: hashes)
        start = try rows.start() ?? 0
        // What is committed by then and not in the tail yet, or by another broker.
        try read(newest.end..<max(newest.end, UInt64(Int64.max)), rows)
        try take(newest.indexes, rows)
        try forEachSegment(below: newest.number, rows) { (search, number) throws(StoreError) in
            let places = try TermSegment.common(search.hashes) { (hash) throws(StoreError) in
                try TermSegment.places(of: hash, in: try rows.postings(number, hash))
            }
            try search.take(places.map { number * TermSegment.width + $0 }, rows)
        }
    }

    /// Every entry of the time range, then.
    private mutating func runWithoutTerms(_ rows: some LedgerPages) throws(StoreError) {
        let sealed = try rows.segmentCount()
        try read((sealed * TermSegment.width)..<UInt64(Int64.max), rows)
        try forEachSegment(below: sealed, rows) { (search, number) throws(StoreError) in
            try search.read((number * TermSegment.width)..<((number + 1) * TermSegment.width), rows)
        }
    }

    /// Full segments that can hold a match, from the newest back.
    private mutating func forEachSegment(
        below limit: UInt64, _ rows: some LedgerPages,
        _ body: (inout LedgerSearch, UInt64) throws(StoreError) -> Void
    ) throws(StoreError) {
        var bound = limit
        if let before = query.before { bound = min(bound, before / TermSegment.width + 1) }
        while !isDone {
            let numbers = try rows.segments(below: bound, since: query.since, until: query.until)
            for number in numbers where !isDone { try body(&self, number) }
            guard let last = numbers.last else { return }
            bound = last
        }
    }

    /// Takes those of the ascending `indexes` whose entries match.
    private mutating func take(_ indexes: [UInt64], _ rows: some LedgerPages) throws(StoreError) {
        for index in indexes.reversed()
        where !isDone && index >= start && query.before.map({ index < $0 }) ?? true {
            if !(chunk.first.map { $0.index <= index } ?? false) || !(chunk.last.map { index <= $0.index } ?? false) {
                chunk.removeAll(keepingCapacity: true)
                try rows.chunk(holding: index).unpack(0..<(.max), into: &chunk)
            }
            guard let first = chunk.first?.index, first <= index, index - first < UInt64(chunk.count) else {
                throw .corrupt(code: Int(SQLITE_CORRUPT))
            }
            take(chunk[Int(index - first)])
        }
    }

    /// Takes the entries of `range` that match.
    private mutating func read(_ range: Range<UInt64>, _ rows: some LedgerPages) throws(StoreError) {
        var bound = range.upperBound
        // A chunk before `before` may reach beyond it.
        if let before = query.before, before < bound {
            bound = min(bound, before + UInt64(LedgerChunk.maximumEntries))
        }
        while !isDone, bound > range.lowerBound {
            guard let row = try rows.newestChunk(range.lowerBound..<bound) else { return }
            chunk.removeAll(keepingCapacity: true)
            try row.unpack(0..<(query.before ?? .max), into: &chunk)
            for entry in chunk.reversed() where !isDone { take(entry) }
            bound = row.last
        }
    }

    private mutating func take(_ entry: LedgerEntry) {
        if query.matches(entry) { found.append(entry) }
    }
}
