internal import MayflyBroker
internal import MayflyModel
internal import Testing

/// One past each bound of a registry record is refused, and the refusal names the member.
struct RegistryLimitTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let path: String
        let base: JSONObject
        let member: String
        let value: JSONValue
        /// Where the refusal points, when it is not the member itself.
        var parameter: String?

        var testDescription: String { "\(path) \(member)" }
    }

    private static func names(_ count: Int, _ prefix: String) -> JSONValue {
        .array((0..<count).map { .string("\(prefix)\($0)") })
    }

    private static func text(_ count: Int) -> JSONValue {
        .string(String(repeating: "x", count: count))
    }

    private static func objects(_ count: Int, _ make: (Int) -> JSONObject) -> JSONValue {
        .array((0..<count).map { .object(make($0)) })
    }

    private static let agent: JSONObject = [
        "id": .string("agent:limit"), "purpose": .string("p"), "owner": .string("owner:limit"),
    ]
    private static let role: JSONObject = ["id": .string("role:limit")]
    private static let owner: JSONObject = [
        "id": .string("owner:limit"), "name": .string("n"), "email": .string("a@example.com"),
    ]
    private static let resource: JSONObject = [
        "name": .string("limit"), "identifier": .string("https://limit.example"),
    ]

    static let cases: [Case] = [
        Case(path: "agents", base: agent, member: "name", value: text(RegistryLimits.nameLength + 1)),
        Case(path: "agents", base: agent, member: "purpose", value: text(RegistryLimits.textLength + 1)),
        Case(path: "agents", base: agent, member: "roles", value: names(RegistryLimits.rolesPerAgent + 1, "role:r")),
        Case(path: "agents", base: agent, member: "resources", value: names(RegistryLimits.resourcesPerAgent + 1, "r")),
        Case(
            path: "agents", base: agent, member: "delegates",
            value: names(RegistryLimits.delegatesPerAgent + 1, "agent:a")),
        Case(path: "agents", base: agent, member: "scopes", value: names(ScopeSet.maximumCount + 1, "s")),
        Case(
            path: "agents", base: agent, member: "authorization_details",
            value: objects(RegistryLimits.detailsPerRecord + 1) { _ in ["resource": .string("r")] }),
        Case(
            path: "agents", base: agent, member: "id",
            value: .string("agent:" + String(repeating: "x", count: IdentifierLimits.maximumNameLength + 1))),
        Case(path: "roles", base: role, member: "max_token_life", value: .integer(RegistryLimits.maximumTokenLife + 1)),
        Case(path: "roles", base: role, member: "max_depth", value: .integer(RegistryLimits.maximumDepth + 1)),
        Case(
            path: "owners", base: owner, member: "email",
            value: .string(String(repeating: "x", count: RegistryLimits.emailLength) + "@")),
        Case(path: "owners", base: owner, member: "groups", value: names(RegistryLimits.groupsPerOwner + 1, "g")),
        Case(
            path: "resources", base: resource, member: "scopes", value: names(RegistryLimits.scopesPerResource + 1, "s")
        ),
        Case(
            path: "resources", base: resource, member: "authorization_details_types",
            value: objects(RegistryLimits.typesPerResource + 1) { ["type": .string("t\($0)")] }),
        Case(
            path: "resources", base: resource, member: "actions",
            value: objects(RegistryLimits.actionsPerResource + 1) { ["name": .string("a\($0)")] }),
        Case(
            path: "resources", base: resource, member: "actions",
            value: objects(1) { _ in ["name": text(ActionRule.maximumNameLength + 1)] }, parameter: "actions[0].name"),
        Case(
            path: "resources", base: resource, member: "routes",
            value: objects(RegistryLimits.routesPerResource + 1) { ["path": .string("/\($0)")] }),
    ]

    @Test(arguments: cases) func onePastTheBoundIsRefusedByName(_ limit: Case) throws {
        let world = try World.shared()
        var body = limit.base
        body[limit.member] = limit.value
        let text = String(decoding: JSONWriter.bytes(of: .object(body)), as: UTF8.self)
        let answer = try world.admin("POST", "/api/v1/\(limit.path)", text)
        #expect(answer.status == 400)
        #expect(answer.string("parameter") == limit.parameter ?? limit.member)
    }

    @Test func aResourceCannotClaimTheBrokersOwnAudience() throws {
        let world = try World.shared()
        let body = #"{"name":"own","identifier":"\#(World.issuer)"}"#
        let answer = try world.admin("POST", "/api/v1/resources", body)
        #expect(answer.status == 400)
        #expect(answer.string("parameter") == "identifier")
    }

    @Test func keysPastTheBoundAreRefused() throws {
        let world = try World.shared()
        let keys = (0...RegistryLimits.keysPerClient).map { _ in "{}" }.joined(separator: ",")
        let answer = try world.admin("PUT", "/api/v1/resources/tickets/keys", #"{"keys":[\#(keys)]}"#)
        #expect(answer.status == 400)
        #expect(answer.string("parameter") == "keys")
    }
}
