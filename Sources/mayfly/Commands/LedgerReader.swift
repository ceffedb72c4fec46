import MayflyCrypto
import MayflyModel

/// Reads the ledger's entries in order, as they are stored.
struct LedgerReader {
    let admin: AdminCall

    struct Entry {
        let index: UInt64
        let bytes: [UInt8]
        let leafHash: SHA256Digest
    }

    private static let pageSize: UInt64 = 500

    /// Feeds each entry from `first` on, up to but not including `end`, or to the last one.
    func each(
        from first: UInt64, until end: UInt64?, _ take: (Entry) throws(CommandError) -> Void
    ) throws(CommandError) {
        var next = first
        while end.map({ next < $0 }) ?? true {
            let size = min(Self.pageSize, end.map { $0 - next } ?? Self.pageSize)
            let page = try admin.get(
                "/api/v1/ledger/entries", query: [("from", String(next)), ("limit", String(size))])
            guard let elements = page["entries"]?.arrayValue else { throw Self.unreadable }
            for element in elements {
                let entry = try Self.entry(element)
                // A gap or a repetition would hide what was left out.
                guard entry.index == next, next < UInt64(Int64.max) else { throw Self.unreadable }
                try take(entry)
                next += 1
            }
            if elements.isEmpty || (end == nil && UInt64(elements.count) < size) { return }
        }
    }

    private static func entry(_ value: JSONValue) throws(CommandError) -> Entry {
        guard let object = value.objectValue, let index = object["index"]?.stringValue.flatMap({ UInt64($0) }),
            let bytes = object["bytes"]?.stringValue.flatMap({ Base64URL.decode($0) }),
            let leaf = object["leaf"]?.stringValue.flatMap({ Base64URL.decode($0) }),
            let hash = SHA256Digest(bytes: leaf)
        else { throw unreadable }
        return Entry(index: index, bytes: bytes, leafHash: hash)
    }

    private static let unreadable = CommandError.refused(
        "the ledger's entries cannot be read in order",
        next: "an entry is missing or malformed; whoever runs the broker must explain it")
}
