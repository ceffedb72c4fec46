package import MayflyModel

/// What a request or a tool says about the case at hand; every member may be absent.
package struct PolicyContext: Equatable, Sendable {
    /// How much harm it does when the data gets out.
    package enum Sensitivity: String, CaseIterable, Sendable {
        case `public`
        case `internal`
        case confidential
        case restricted

        fileprivate var rank: Int {
            switch self {
            case .public: 0
            case .internal: 1
            case .confidential: 2
            case .restricted: 3
            }
        }
    }

    package enum Reversibility: String, CaseIterable, Sendable {
        case reversible
        /// Something else can make up for it.
        case compensable
        case irreversible

        fileprivate var rank: Int {
            switch self {
            case .reversible: 0
            case .compensable: 1
            case .irreversible: 2
            }
        }
    }

    /// Members that policy knows by name.
    package static let knownMembers: Set<String> = [
        "env", "cost", "records", "sensitivity", "data", "reversibility", "regulations",
    ]
    /// Members of the whole object.
    package static let maximumMembers = 64
    /// Objects and arrays inside one another, the whole object counting one; what holds a context adds more around it.
    package static let maximumDepth = 16
    /// Elements of `data` and of `regulations`.
    package static let maximumElements = 32
    /// Bytes of one name: an environment, a kind of data, a regulation.
    package static let maximumNameLength = 128

    /// Where it happens, for example `staging`.
    package var environment: String?
    package var cost: Money?
    package var records: Int64?
    package var sensitivity: Sensitivity?
    /// Kinds of data, for example `health`.
    package var data: [String] = []
    package var reversibility: Reversibility?
    /// What regulates it, for example `gdpr`.
    package var regulations: [String] = []
    /// All members, those above included, for conditions that look at others.
    package var properties: JSONObject = [:]

    package init() {}

    /// Reads the members that policy knows; others are kept as they are.
    package init(_ object: JSONObject, path: FieldPath = .root) throws(FieldError) {
        guard object.count <= Self.maximumMembers else {
            throw FieldError(path: path, problem: .tooMany(maximum: Self.maximumMembers))
        }
        guard Self.fits(.object(object), depth: Self.maximumDepth) else {
            throw FieldError(
                path: path, problem: .invalid(rule: "is nested deeper than \(Self.maximumDepth) levels"))
        }
        var fields = FieldReader(object, path: path)
        environment = try fields.optionalString("env", maximum: Self.maximumNameLength)
        cost = try fields.money("cost")
        records = try fields.optionalInteger("records", in: 0...Int64.max)
        sensitivity = try fields.choice("sensitivity")
        data = try Self.names("data", in: &fields)
        reversibility = try fields.choice("reversibility")
        regulations = try Self.names("regulations", in: &fields)
        properties = object
    }

    private static func fits(_ value: JSONValue, depth: Int) -> Bool {
        switch value {
        case .null, .bool, .integer, .number, .string: true
        case .array(let elements): depth > 0 && elements.allSatisfy { fits($0, depth: depth - 1) }
        case .object(let object): depth > 0 && object.members.allSatisfy { fits($0.value, depth: depth - 1) }
        }
    }

    private static func names(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [String] {
        try fields.strings(name, maximumCount: maximumElements, maximumLength: maximumNameLength) ?? []
    }

    /// The same without members that policy does not know by name.
    package var known: PolicyContext {
        var known = self
        known.properties = json
        return known
    }

    /// Whether a case is no worse than `bound`, as far as policy knows its members by name: cost, records, sensitivity
    /// and reversibility at most as high, kinds of data and regulations among those named, the same environment.
    ///
    /// What one of them states and the other does not cannot be compared, and is not within.
    package func isWithin(_ bound: PolicyContext) -> Bool {
        func fits<Value>(_ mine: Value?, _ theirs: Value?, _ isWithin: (Value, Value) -> Bool) -> Bool {
            guard let mine, let theirs else { return mine == nil && theirs == nil }
            return isWithin(mine, theirs)
        }
        func among(_ mine: [String], _ theirs: [String]) -> Bool {
            mine.allSatisfy { name in theirs.contains { $0.utf8.elementsEqual(name.utf8) } }
        }
        return fits(environment, bound.environment) { $0.utf8.elementsEqual($1.utf8) }
            && fits(cost, bound.cost) { $0.currency == $1.currency && $0.amount <= $1.amount }
            && fits(records, bound.records, <=)
            && fits(sensitivity, bound.sensitivity) { $0.rank <= $1.rank }
            && fits(reversibility, bound.reversibility) { $0.rank <= $1.rank }
            && among(data, bound.data) && among(regulations, bound.regulations)
    }

    /// The known members alone: what the ledger keeps of a decision, so that it can be replayed.
    package var json: JSONObject {
        var object: JSONObject = [:]
        object["env"] = environment.map { .string($0) }
        object["cost"] = cost.map(\.json)
        object["records"] = records.map { .integer($0) }
        object["sensitivity"] = sensitivity.map { .string($0.rawValue) }
        if !data.isEmpty { object["data"] = .array(data.map { .string($0) }) }
        object["reversibility"] = reversibility.map { .string($0.rawValue) }
        if !regulations.isEmpty { object["regulations"] = .array(regulations.map { .string($0) }) }
        return object
    }
}
