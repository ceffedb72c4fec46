package import MayflyModel

/// A map of the condition language: entries in the order in which they were written, keys unique.
///
/// Looked up by walking the entries: the maps of policy are small, and no input can make a walk collide.
package struct CELMap: Sendable {
    package struct Entry: Sendable {
        package let key: CELValue
        package let value: CELValue

        package init(key: CELValue, value: CELValue) {
            (self.key, self.value) = (key, value)
        }
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    /// The members of a JSON object, whose names are unique.
    package init(_ object: JSONObject) {
        entries = object.members.map { Entry(key: .string($0.name), value: CELValue($0.value)) }
    }

    package var count: Int { entries.count }

    /// What a look-up among so many entries costs beside the comparisons of text.
    static func steps(for entries: Int) -> Int { entries / 8 }

    /// The value of an equal key, or nil; a key of another type than int, uint, double, bool and string is in no map.
    func value(of key: CELValue, _ budget: inout CELBudget) throws(CELEvaluationError) -> CELValue? {
        try budget.charge(Self.steps(for: count))
        for entry in entries where try CELComparison.areEqual(entry.key, key, &budget) { return entry.value }
        return nil
    }

    /// The value of a string key, or nil.
    func value(of name: String, _ budget: inout CELBudget) throws(CELEvaluationError) -> CELValue? {
        try budget.charge(Self.steps(for: count))
        for entry in entries {
            guard case .string(let key) = entry.key else { continue }
            if try CELComparison.areSame(key.utf8, name.utf8, &budget) { return entry.value }
        }
        return nil
    }

    /// Adds an entry; the key must be an int, uint, bool or string that equals no earlier one.
    mutating func insert(
        _ value: CELValue, at key: CELValue, _ budget: inout CELBudget
    ) throws(CELEvaluationError) {
        switch key {
        case .bool, .int, .uint, .string: break
        case .null, .double, .bytes, .list, .map, .timestamp, .duration, .object:
            throw CELEvaluationError(.unsupportedKey)
        }
        guard try self.value(of: key, &budget) == nil else { throw CELEvaluationError(.duplicateKey) }
        entries.append(Entry(key: key, value: value))
    }
}
