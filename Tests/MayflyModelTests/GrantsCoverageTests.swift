import MayflyModel
import Testing

/// What a tool may be told about one action under a set of details.
struct GrantsCoverageTests {
    let schema: DetailSchema
    let details: DetailSet

    init() throws {
        schema = try DetailSchema(
            type: "drive",
            members: [
                try #require(DetailMember(name: "actions", order: .set)),
                try #require(DetailMember(name: "identifier", order: .path)),
                try #require(DetailMember(name: "labels", order: .set)),
                try #require(DetailMember(name: "max_bytes", order: .max, unit: .integer)),
                try #require(DetailMember(name: "read_only", order: .flag)),
            ])
        let json = """
            [{"type":"drive","actions":["read","write"],"identifier":"/team","labels":["public","team"],
              "max_bytes":100,"read_only":false},
             {"type":"drive","actions":["read"],"identifier":"/","labels":["public"],"max_bytes":10,"read_only":true}]
            """
        details = try DetailSet.parse(try #require(try parseJSON(json).arrayValue), schemas: [schema])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let action: String
        let identifier: String?
        let properties: String
        let answer: CoverageResult
        var testDescription: String { "\(action) \(identifier ?? "-") \(properties)" }

        init(_ action: String, _ identifier: String?, _ properties: String, _ answer: CoverageResult) {
            (self.action, self.identifier, self.properties, self.answer) = (action, identifier, properties, answer)
        }
    }

    @Test(arguments: [
        Case("write", "/team/x", #"{"labels":["team"],"max_bytes":100}"#, .covered),
        Case("write", "/team/x", #"{"labels":"team","max_bytes":1}"#, .covered),
        Case("write", "/team/x", #"{"labels":"team","max_bytes":1,"other":[1]}"#, .covered),
        Case("read", "/else", #"{"labels":["public"],"max_bytes":10,"read_only":true}"#, .covered),
        Case("read", "/else", #"{"labels":["public"],"max_bytes":10}"#, .missing(member: "read_only")),
        Case(
            "read", "/else", #"{"labels":["public"],"max_bytes":10,"read_only":false}"#, .exceeds(member: nil)),
        Case("write", "/else", #"{"labels":["public"],"max_bytes":1,"read_only":true}"#, .exceeds(member: nil)),
        Case("write", "/team", #"{"labels":["team"],"max_bytes":101}"#, .exceeds(member: nil)),
        Case("delete", "/team", #"{"labels":["team"],"max_bytes":1}"#, .exceeds(member: "actions")),
        Case("Write", "/team", #"{"labels":["team"],"max_bytes":1}"#, .exceeds(member: "actions")),
        Case("", "/team", #"{"labels":["team"],"max_bytes":1}"#, .exceeds(member: "actions")),
        Case("write", nil, #"{"labels":["team"],"max_bytes":1}"#, .missing(member: "identifier")),
        Case("write", "/team/../x", #"{"labels":["team"],"max_bytes":1}"#, .exceeds(member: nil)),
        Case("write", "/teams", #"{"labels":["team"],"max_bytes":1}"#, .exceeds(member: nil)),
        Case("write", "/team", #"{"max_bytes":1}"#, .missing(member: "labels")),
        Case("write", "/team", #"{"labels":[],"max_bytes":1}"#, .exceeds(member: nil)),
        Case("write", "/team", #"{"labels":["team"],"max_bytes":"1"}"#, .exceeds(member: nil)),
        Case("write", "/team", #"{"labels":["team"],"max_bytes":null}"#, .exceeds(member: nil)),
        Case("delete", "/team", #"{"actions":["read"],"labels":["team"]}"#, .exceeds(member: "actions")),
    ])
    func coversOnlyWhatOneObjectAllows(_ test: Case) throws {
        let properties = try #require(try parseJSON(test.properties).objectValue)
        let demand = ActionDemand(action: test.action, identifier: test.identifier, properties: properties)
        #expect(details.covers(demand, schema: schema) == test.answer)
    }

    @Test func anotherTypeCoversNothing() throws {
        let demand = ActionDemand(type: "mail", action: "read", identifier: "/")
        #expect(details.covers(demand, schema: schema) == .noSuchType)
        #expect(DetailSet.empty.covers(ActionDemand(action: "read"), schema: schema) == .noSuchType)
        let grown = try DetailSchema(
            type: "drive", members: schema.members + [try #require(DetailMember(name: "new", order: .flag))])
        #expect(details.covers(ActionDemand(action: "read"), schema: grown) == .noSuchType)
    }

    @Test func identifiersMayBeTextOrSets() throws {
        let kinds: [(MemberOrder, String)] = [(.exact, #""A""#), (.set, #"["A","B"]"#)]
        for (order, value) in kinds {
            let schema = try DetailSchema(
                type: "t", members: [try #require(DetailMember(name: "identifier", order: order, unit: .text))])
            let object = try parseJSON(#"{"type":"t","identifier":\#(value)}"#)
            let set = try DetailSet.parse([object], schemas: [schema])
            #expect(set.covers(ActionDemand(action: "x", identifier: "A"), schema: schema) == .covered)
            #expect(set.covers(ActionDemand(action: "x"), schema: schema) == .missing(member: "identifier"))
            let other = ActionDemand(action: "x", identifier: "C", properties: ["identifier": .string("A")])
            #expect(set.covers(other, schema: schema) == .exceeds(member: "identifier"))
        }
    }

    @Test(arguments: lawSeeds)
    func whatANarrowerSetCoversTheWiderCovers(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        for _ in 0..<60 {
            let wide = try random.detailSet()
            let narrow = try random.narrower(than: wide)
            let schema = random.generator.pick(random.schemas)
            var properties = random.objectJSON(of: schema)
            for member in schema.members where random.generator.chance(20) { properties[member.name] = nil }
            let demand = ActionDemand(action: "read", properties: properties)
            if narrow.covers(demand, schema: schema) == .covered {
                #expect(wide.covers(demand, schema: schema) == .covered)
            }
        }
    }
}
