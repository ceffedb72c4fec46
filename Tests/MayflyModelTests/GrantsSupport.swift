import MayflyModel
import Testing

/// SplitMix64: the same seed gives the same run on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &self) < percent
    }

    /// One of `choices`, which is not empty.
    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }

    mutating func subset<Element>(_ all: [Element], keeping percent: Int = 60) -> [Element] {
        all.filter { _ in chance(percent) }
    }
}

/// Seeds of the property tests; a failing test prints its own as its argument.
let lawSeeds: [UInt64] = Array(1...40)

func parseJSON(_ text: String) throws -> JSONValue {
    try JSONParser.parse(Array(text.utf8))
}

func scopes(_ text: String) throws -> ScopeSet {
    try ScopeSet.parse(text)
}

/// Random grants over a universe so small that unrelated picks often turn out to be related.
struct RandomRights {
    static let texts = ["a", "b", "c", "\u{E9}", "e\u{301}"]
    static let scopeNames = ["read", "write", "delete", "Read", "audit"]

    static let everyKind: [(MemberOrder, MemberUnit?)] = [
        (.set, .text), (.exact, .text), (.exact, .integer), (.max, .integer), (.max, .decimal), (.max, .money),
        (.min, .integer), (.min, .decimal), (.min, .money), (.path, .text), (.flag, nil),
    ]

    var generator: SeededGenerator
    let resource: ResourceURL
    let schemas: [DetailSchema]

    init(seed: UInt64) throws {
        generator = SeededGenerator(seed: seed)
        resource = try #require(ResourceURL("https://api.example/mail"))
        var schemas: [DetailSchema] = []
        for index in 0..<Int.random(in: 1...3, using: &generator) {
            var members: [DetailMember] = []
            for position in 0..<Int.random(in: 1...4, using: &generator) {
                let (order, unit) = generator.pick(Self.everyKind)
                members.append(try #require(DetailMember(name: "m\(position)", order: order, unit: unit)))
            }
            schemas.append(try DetailSchema(type: "type\(index)", members: members))
        }
        self.schemas = schemas
    }

    mutating func json(for member: DetailMember) -> JSONValue {
        switch (member.order, member.unit) {
        case (.set, _):
            let some = generator.subset(Self.texts)
            return .array(
                (some.isEmpty ? [generator.pick(Self.texts)] : some).shuffled(using: &generator).map(JSONValue.string))
        case (.path, _):
            return .string(generator.pick(["/", "/a", "/ab", "/a/b", "/a/b/c", "/a/c", "/b"]))
        case (.flag, _): return .bool(generator.chance(50))
        case (_, .integer): return .integer(Int64.random(in: -1...3, using: &generator))
        case (_, .decimal): return .string(amount())
        case (_, .money):
            return .object(["amount": .string(amount()), "currency": .string(generator.pick(["EUR", "USD"]))])
        case (_, .text), (_, nil): return .string(generator.pick(Self.texts))
        }
    }

    private mutating func amount() -> String {
        generator.pick(["0", "1", "1.5", "1.50", "2.00", "10"])
    }

    mutating func objectJSON(of schema: DetailSchema) -> JSONObject {
        var object: JSONObject = ["type": .string(schema.type)]
        for member in schema.members { object[member.name] = json(for: member) }
        return object
    }

    mutating func detail() throws -> AuthorizationDetail {
        let schema = generator.pick(schemas)
        return try AuthorizationDetail.parse(
            .object(objectJSON(of: schema)), schemas: schemas, completeness: .complete)
    }

    mutating func detailSet(upTo most: Int = 4) throws -> DetailSet {
        var details: [AuthorizationDetail] = []
        for _ in 0..<Int.random(in: 0...most, using: &generator) { details.append(try detail()) }
        return try DetailSet(details)
    }

    mutating func scopeSet() -> ScopeSet {
        ScopeSet(generator.subset(Self.scopeNames).compactMap(Scope.init))
    }

    mutating func grant() throws -> Grant {
        Grant(resource: resource, scopes: scopeSet(), details: try detailSet())
    }

    /// A detail within `detail`: its meet with some others, where there is one.
    mutating func narrower(than detail: AuthorizationDetail) throws -> AuthorizationDetail {
        for _ in 0..<4 {
            var object = detail.json.objectValue ?? [:]
            for member in detail.schema.members where generator.chance(40) { object[member.name] = json(for: member) }
            let other = try AuthorizationDetail.parse(.object(object), schemas: schemas, completeness: .complete)
            if let meet = detail.meet(other) { return meet }
        }
        return detail
    }

    /// A set within `set`.
    mutating func narrower(than set: DetailSet) throws -> DetailSet {
        var details: [AuthorizationDetail] = []
        for detail in set.details where generator.chance(70) { details.append(try narrower(than: detail)) }
        return try DetailSet(details)
    }

    /// A request that asks for something near `grant`, often within it and often not.
    mutating func request(near grant: Grant) throws -> GrantRequest {
        var details: [JSONValue]? = nil
        if generator.chance(75) {
            var objects: [JSONValue] = []
            for detail in grant.details.details where generator.chance(70) {
                var object = try narrower(than: detail).json.objectValue ?? [:]
                for member in detail.schema.members {
                    if generator.chance(35) { object[member.name] = nil }
                    if generator.chance(4) { object[member.name] = json(for: member) }
                }
                objects.append(.object(object))
            }
            details = objects
        }
        let asked = generator.chance(4) ? scopeSet() : ScopeSet(generator.subset(grant.scopes.scopes, keeping: 85))
        return GrantRequest(
            resource: grant.resource, scopes: generator.chance(60) ? asked : nil, details: details)
    }
}
