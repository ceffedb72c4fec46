package import MayflyModel

/// An entry of the ledger that somebody is still to be told of.
///
/// It is written in the entry's own commit, and goes when everybody has been told or given up on: so nobody is told of
/// what did not happen, and nothing is forgotten by a stop or a crash. What is told is the entry itself.
package struct Notice: Record, Equatable {
    /// Notices that are kept at a time, an equal share of them for each route; what would be one more is counted as
    /// lost, and its entry is in the ledger.
    package static let maximumKept = 10_000

    /// The entry's index in the ledger.
    package let id: Int64
    package let at: Timestamp
    /// The names of the routes that have not taken it yet; never empty.
    package let owed: [String]

    package static let kind = RecordKind.notice
    package static func key(of id: Int64) -> [UInt8] { Array(String(id).utf8) }

    init(id: Int64, at: Timestamp, owed: [String]) {
        (self.id, self.at, self.owed) = (id, at, owed)
    }

    /// The change that lets `names` off; nil when none of them is owed it.
    func settled(for names: (String) -> Bool) -> Change? {
        let rest = owed.filter { !names($0) }
        guard rest.count < owed.count else { return nil }
        return rest.isEmpty ? .removeNotice(id) : .notice(Notice(id: id, at: at, owed: rest))
    }
}

extension Notice {
    package var stored: JSONObject {
        [
            "index": .integer(id), "at": .integer(at.milliseconds), "owed": .array(owed.map { .string($0) }),
        ]
    }

    /// Reads what `stored` wrote.
    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.integer("index", in: 0...Int64.max)
        at = Timestamp(milliseconds: try fields.integer("at", in: 0...Int64.max))
        owed =
            try fields.strings(
                "owed", maximumCount: NoticeRoute.maximumRoutes, maximumLength: NoticeRoute.maximumNameLength) ?? []
        try fields.finish()
    }
}
