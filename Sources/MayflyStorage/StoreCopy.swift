internal import Glibc
package import MayflyBroker

/// Copies a store into an empty one of the other kind, row for row, and compares both afterwards.
///
/// Ledger entries, leaf hashes, subtrees and the index are taken over as they are, so every proof stays good. The
/// source is not changed, and both stores are held, so that no broker writes to either meanwhile.
package enum StoreCopy {
    /// A store by its kind.
    package enum Place: Sendable {
        case file(String)
        case postgres(PostgresPlace)
    }

    /// What was copied.
    package struct Report: Sendable {
        package let head: StoreHead
        /// Rows by the table's name.
        package let rows: [(table: String, count: Int)]
    }

    package enum Failure: Error, Equatable, Sendable {
        case source(StoreError)
        case target(StoreError)
        /// Something is there that a copy would mix with, or a broker holds it.
        case targetTaken
        /// After the copy this table was not the same on both sides.
        case differs(table: String)
    }

    /// Bytes that are held in memory before they are written.
    private static let groupBytes = 4 << 20
    private static let groupRows = 500

    /// Copies everything, or nothing: what was begun is taken back when it fails.
    package static func run(from: Place, to: Place) throws(Failure) -> Report {
        let source: any StoreRows
        do {
            source = try open(from)
        } catch {
            throw .source(error)
        }
        let head: CopiedHead
        do {
            head = try source.copiedHead()
        } catch {
            throw .source(error)
        }
        let target: any StoreRows
        do throws(StoreError) {
            target = try create(to)
            guard try target.isEmpty() else { throw .conflict }
        } catch {
            let isThere = error == .conflict || error == .cannotOpen(code: -Int(EEXIST))
            throw isThere ? .targetTaken : .target(error)
        }
        do throws(Failure) {
            let sums = try copy(source, to: target, head)
            try compare(target, sums, head)
            return Report(head: head.head, rows: sums.map { ($0.table.rawValue, $0.sum.rows) })
        } catch {
            target.discard()
            throw error
        }
    }

    private static func copy(
        _ source: any StoreRows, to target: any StoreRows, _ head: CopiedHead
    ) throws(Failure) -> [(table: StoreTable, sum: TableSum)] {
        var sums: [(table: StoreTable, sum: TableSum)] = []
        try inTarget { () throws(StoreError) in try target.begin() }
        for table in StoreTable.allCases {
            var sum = TableSum()
            var group: [[StoreCell]] = []
            var size = 0
            var failure: StoreError?
            do throws(StoreError) {
                try source.forEachRow(of: table) { (row) throws(StoreError) in
                    sum.add(row)
                    group.append(row)
                    size += row.reduce(0) { $0 + $1.size }
                    guard size >= groupBytes || group.count >= groupRows else { return }
                    do throws(StoreError) {
                        try target.add(group, to: table)
                    } catch {
                        failure = error
                        throw error
                    }
                    group.removeAll(keepingCapacity: true)
                    size = 0
                }
            } catch {
                throw failure.map { .target($0) } ?? .source(error)
            }
            try inTarget { () throws(StoreError) in try target.add(group, to: table) }
            sums.append((table, sum))
        }
        try inTarget { () throws(StoreError) in try target.finish(head) }
        return sums
    }

    private static func compare(
        _ target: any StoreRows, _ sums: [(table: StoreTable, sum: TableSum)], _ head: CopiedHead
    ) throws(Failure) {
        for (table, expected) in sums {
            var sum = TableSum()
            try inTarget { () throws(StoreError) in
                try target.forEachRow(of: table) { (row) throws(StoreError) in sum.add(row) }
            }
            guard sum == expected else { throw .differs(table: table.rawValue) }
        }
        let found = try inTarget { () throws(StoreError) in try target.copiedHead() }
        guard found == head else { throw .differs(table: "head") }
    }

    private static func inTarget<Value>(_ body: () throws(StoreError) -> Value) throws(Failure) -> Value {
        do {
            return try body()
        } catch {
            throw .target(error)
        }
    }

    private static func open(_ place: Place) throws(StoreError) -> any StoreRows {
        switch place {
        case .file(let path): try SQLiteTables(path: path, mode: .open)
        case .postgres(let place): try PostgresTables(place, mode: .inspect)
        }
    }

    private static func create(_ place: Place) throws(StoreError) -> any StoreRows {
        switch place {
        case .file(let path): try SQLiteTables(path: path, mode: .create)
        case .postgres(let place): try PostgresTables(place, mode: .create)
        }
    }
}

extension StoreCell {
    fileprivate var size: Int {
        guard case .blob(let blob) = self else { return 8 }
        return blob.count
    }
}

/// The rows of a store that is held for a copy.
protocol StoreRows: AnyObject {
    func copiedHead() throws(StoreError) -> CopiedHead
    func isEmpty() throws(StoreError) -> Bool
    /// In the order of the keys.
    func forEachRow(of table: StoreTable, _ body: ([StoreCell]) throws(StoreError) -> Void) throws(StoreError)
    /// Begins what `finish` makes durable as a whole.
    func begin() throws(StoreError)
    func add(_ rows: [[StoreCell]], to table: StoreTable) throws(StoreError)
    func finish(_ head: CopiedHead) throws(StoreError)
    /// Takes back all that was copied.
    func discard()
}
