/// Reads one object strictly, the only way that records, request bodies and YAML files are read.
///
/// Each member is asked for by name and checked as it is taken. `finish()` then refuses whatever was not asked for, so
/// a misspelt limit is an error and never a limit that is silently absent. Null counts as absent everywhere.
package struct FieldReader {
    package let path: FieldPath
    private let object: JSONObject
    private var asked: [String] = []

    package init(_ object: JSONObject, path: FieldPath = .root) {
        self.object = object
        self.path = path
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
        guard let value = object[name], value != .null else { return nil }
        return value
    }

    /// The error for a problem with one member.
    package func failure(_ name: String, _ problem: FieldProblem) -> FieldError {
        FieldError(path: path.member(name), problem: problem)
    }

    /// Throws `.unknown` for the first member that nobody asked for.
    package func finish() throws(FieldError) {
        for name in object.names where !asked.contains(where: { JSONObject.same($0, name) }) {
            throw failure(name, .unknown(allowed: asked))
        }
    }
}
