/// Reads one object strictly, the only way that records, request bodies and YAML files are read.
///
/// Each member is asked for by name and checked as it is taken. `finish()` then refuses whatever was not asked for, so
/// a misspelt limit is an error and never a limit that is silently absent. Null counts as absent everywhere.
package struct FieldReader {
    package let path: FieldPath
    private let object: JSONObject
    private var asked: [String] = []
    /// For each member of the object, whether somebody asked for it.
    private var isAsked: [Bool]
    /// Where the next name is looked for first: records are read in the order in which they were written.
    private var next = 0

    package init(_ object: JSONObject, path: FieldPath = .root) {
        self.object = object
        self.path = path
        isAsked = [Bool](repeating: false, count: object.count)
        // Most readers ask for a few optional members that are not there.
        asked.reserveCapacity(object.count + 16)
    }

    /// Throws `.wrongType` unless `value` is an object.
    package init(_ value: JSONValue, path: FieldPath = .root) throws(FieldError) {
        guard case .object(let object) = value else {
            throw FieldError(path: path, problem: .wrongType(expected: "an object"))
        }
        self.init(object, path: path)
    }

    /// Marks `name` as known and returns its value, nil when absent or null.
    package mutating func take(_ name: String) -> JSONValue? {
        asked.append(name)
        guard let index = object.index(of: name, from: next) else { return nil }
        isAsked[index] = true
        next = index + 1
        let value = object.members[index].value
        if case .null = value { return nil }
        return value
    }

    /// The names of all members, for an object whose names are data; each must still be taken.
    package var memberNames: [String] { object.names }

    /// The error for a problem with one member.
    package func failure(_ name: String, _ problem: FieldProblem) -> FieldError {
        FieldError(path: path.member(name), problem: problem)
    }

    /// Throws `.unknown` for the first member that nobody asked for.
    package func finish() throws(FieldError) {
        guard let index = isAsked.firstIndex(of: false) else { return }
        throw failure(object.members[index].name, .unknown(allowed: asked))
    }
}
