import MayflyModel
import Testing

/// Inputs as large as the limits let in; members fewer, because a debug build is slow.
struct GrantsCostTests {
    @Test(.timeLimit(.minutes(1)))
    func theLargestSetsAreCompared() throws {
        var members: [DetailMember] = []
        for name in ["a", "b", "c", "last"] {
            members.append(try #require(DetailMember(name: name, order: .set)))
        }
        let schema = try DetailSchema(type: "t", members: members)
        let shared = (0..<MemberValue.maximumSetElements).map { JSONValue.string("a common beginning \($0)") }
        let largest = { (tag: String) in
            (0..<DetailSet.maximumCount).map { index -> JSONValue in
                var object: JSONObject = ["type": .string("t")]
                for member in schema.members { object[member.name] = .array(shared) }
                // Only the member that is compared last tells the objects apart.
                object["last"] = .array(shared.dropLast() + [.string("\(tag)\(index)")])
                return .object(object)
            }
        }
        let bound = try DetailSet.parse(largest("x"), schemas: [schema])
        let other = try DetailSet.parse(largest("y"), schemas: [schema])
        #expect(bound.count == DetailSet.maximumCount)
        #expect(bound.isWithin(bound))
        #expect(!bound.isWithin(other))
        #expect(try bound.meet(bound) == bound)
        #expect(try bound.meet(other).count == 1)
        let grant = Grant(
            resource: try #require(ResourceURL("https://h")), scopes: ScopeSet(), details: bound)
        let request = GrantRequest(resource: grant.resource, details: largest("x"))
        #expect(try Grant.attenuate(request, within: grant, schemas: [schema]) == grant)
    }

    @Test(.timeLimit(.minutes(1)))
    func aSmallRequestThatFitsEverywhereIsCutShort() throws {
        let schema = try DetailSchema(
            type: "grid",
            members: [
                try #require(DetailMember(name: "column", order: .set)),
                try #require(DetailMember(name: "row", order: .set)),
            ])
        let names = (0..<DetailSet.maximumCount).map { JSONValue.string("v\($0)") }
        let bound = Grant(
            resource: try #require(ResourceURL("https://h")), scopes: ScopeSet(),
            details: try DetailSet.parse(
                names.map { .object(["type": .string("grid"), "column": .array([$0]), "row": .array(names)]) },
                schemas: [schema]))
        let request = GrantRequest(
            resource: bound.resource,
            details: names.map { .object(["type": .string("grid"), "row": .array([$0])]) })
        #expect(throws: NarrowingError.tooManyDetails) {
            try Grant.attenuate(request, within: bound, schemas: [schema])
        }
    }
}
