import MayflyModel

/// How often each of a few names came, of late more than long ago.
///
/// Bounded: a new name takes the place of the weakest. Names are visible ASCII.
struct WeightedNames: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        let name: String
        /// Thousandths of a request.
        var weight: Int64
    }

    /// A hundredth of a request: below it a name is forgotten.
    private static let least: Int64 = 10

    let capacity: Int
    /// In the order of the names.
    private(set) var entries: [Entry] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    func weight(of name: String) -> Int64 {
        for entry in entries where entry.name == name { return entry.weight }
        return 0
    }

    /// How new a name is: 1 for one that is not here, half for one that came once, and less the more often it came.
    func newness(of name: String) -> Int64 {
        1000 * Decay.one / (Decay.one + weight(of: name))
    }

    mutating func count(_ name: String) {
        if let place = entries.firstIndex(where: { $0.name == name }) {
            entries[place].weight = Decay.adding(Decay.one, to: entries[place].weight)
            return
        }
        if entries.count >= capacity, let weakest = entries.indices.min(by: { entries[$0].weight < entries[$1].weight })
        {
            entries.remove(at: weakest)
        }
        insert(Entry(name: name, weight: Decay.one))
    }

    private mutating func insert(_ entry: Entry) {
        // New names are rare, agents are many: no room that may never be used.
        entries.reserveCapacity(entries.count + 1)
        entries.insert(entry, at: entries.firstIndex { $0.name > entry.name } ?? entries.count)
    }

    mutating func fade(days: Int64) {
        for place in entries.indices {
            entries[place].weight = Decay.left(of: entries[place].weight, keeping: Decay.day, steps: days)
        }
        entries.removeAll { $0.weight < Self.least }
    }
}

extension WeightedNames {
    /// Names with their weights.
    var stored: JSONValue {
        var object = JSONObject()
        for entry in entries { object.appendUnchecked(name: entry.name, value: .integer(entry.weight)) }
        return .object(object)
    }

    init(_ name: String, capacity: Int, from fields: inout FieldReader) throws(FieldError) {
        self.capacity = capacity
        guard var reader = try fields.object(name) else { return }
        guard reader.memberNames.count <= capacity else {
            throw fields.failure(name, .tooMany(maximum: capacity))
        }
        for name in reader.memberNames {
            insert(Entry(name: name, weight: try reader.integer(name, in: 0...Decay.most)))
        }
    }
}
