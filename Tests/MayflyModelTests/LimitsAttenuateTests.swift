import MayflyModel
import Testing

/// How limits are asked for: through the one door, and never more than the bound's.
struct LimitsAttenuateTests {
    private static let whole = #"""
        "max_calls":10,"max_cost":{"amount":"200.00","currency":"USD"},"max_records":500,"timeout":60,"read_only":true,
        "environments":["staging"],"hours":[{"days":["mon","tue"],"from":"08:00","to":"18:00"}]
        """#

    private func grant(_ bound: String) throws -> Grant {
        Grant(
            resource: try #require(ResourceURL("https://api.example")), scopes: try scopes("read"), details: .empty,
            limits: try limits(bound))
    }

    private func ask(_ objects: [String], within bound: String) throws -> Limits {
        let grant = try grant(bound)
        let request = GrantRequest(resource: grant.resource, details: try objects.map(parseJSON))
        return try Grant.attenuate(request, within: grant, schemas: []).limits
    }

    @Test(arguments: [
        (#""max_calls":11"#, "max_calls"), (#""max_cost":{"amount":"200.01","currency":"USD"}"#, "max_cost"),
        (#""max_cost":{"amount":"1","currency":"EUR"}"#, "max_cost"), (#""max_records":501"#, "max_records"),
        (#""timeout":61"#, "timeout"), (#""read_only":false"#, "read_only"),
        (#""environments":["staging","prod"]"#, "environments"),
        (#""hours":[{"days":["mon"],"from":"07:59","to":"18:00"}]"#, "hours"),
    ])
    func askingForMoreNamesTheMember(_ members: String, _ member: String) throws {
        #expect(throws: NarrowingError.detailsTooWide(index: 0, member: member)) {
            try ask([#"{"type":"mayfly_limits",\#(members)}"#], within: Self.whole)
        }
    }

    @Test func whatIsLeftOutIsInheritedAndLessIsGiven() throws {
        #expect(try ask([#"{"type":"mayfly_limits"}"#], within: Self.whole) == limits(Self.whole))
        var expected = try limits(Self.whole)
        expected.maximumCalls = 9
        #expect(try ask([#"{"type":"mayfly_limits","max_calls":9}"#], within: Self.whole) == expected)
        #expect(try ask([#"{"type":"mayfly_limits","read_only":false}"#], within: "").isNone)
        let untouched = try grant(Self.whole)
        #expect(
            try Grant.attenuate(GrantRequest(resource: untouched.resource), within: untouched, schemas: []).limits
                == untouched.limits)
    }

    @Test func twoObjectsOfLimitsAreRefused() throws {
        let object = #"{"type":"mayfly_limits","max_calls":1}"#
        #expect(throws: NarrowingError.detailsMalformed(index: 1, member: nil)) {
            try ask([object, object], within: "")
        }
    }

    @Test func limitsBesideDetailsLeaveThemAlone() throws {
        let member = try #require(DetailMember(name: "size", order: .max, unit: .integer))
        let schema = try DetailSchema(type: "t", members: [member])
        let detail = { (size: Int) in try parseJSON(#"{"type":"t","size":\#(size)}"#) }
        let some = try (1...DetailSet.maximumCount).map { _ in try detail(1) }
        let limits = try parseJSON(#"{"type":"mayfly_limits","max_calls":1}"#)
        let bound = Grant(
            resource: try #require(ResourceURL("https://api.example")), scopes: ScopeSet(),
            details: try DetailSet.parse([detail(3)], schemas: [schema]))
        func ask(_ details: [JSONValue]) throws -> Grant {
            let request = GrantRequest(resource: bound.resource, details: details)
            return try Grant.attenuate(request, within: bound, schemas: [schema])
        }
        // Alone they narrow what would be granted without them.
        #expect(try ask([limits]).details == bound.details)
        #expect(try ask([limits, detail(2)]).details == DetailSet.parse([detail(2)], schemas: [schema]))
        #expect(try ask([limits] + some).limits.maximumCalls == 1)
        #expect(throws: NarrowingError.tooManyDetails) { try ask([limits] + some + [detail(1)]) }
        #expect(throws: NarrowingError.empty) { try ask([]) }
        #expect(throws: NarrowingError.detailsTooWide(index: 1, member: "size")) { try ask([limits, detail(4)]) }
    }

    /// Through the one door: what comes out is within every ancestor, and what was given up never comes back.
    @Test(arguments: lawSeeds)
    func noChainOfRequestsWidensLimits(seed: UInt64) throws {
        var random = RandomLimits(seed: seed)
        let resource = try #require(ResourceURL("https://api.example"))
        var deepest = 0
        for _ in 0..<20 {
            var chain = [Grant(resource: resource, scopes: try scopes("read"), details: .empty)]
            while chain.count <= 5, let parent = chain.last {
                let isNear = random.generator.chance(80)
                let wanted = isNear ? try random.narrower(than: parent.limits) : try random.limits()
                let request = GrantRequest(resource: resource, details: [wanted.json])
                guard let child = try? Grant.attenuate(request, within: parent, schemas: []) else {
                    #expect(!wanted.isWithin(parent.limits) || parent.limits.meet(wanted) == nil)
                    break
                }
                #expect(child.limits == wanted.meet(parent.limits))
                for ancestor in chain { #expect(child.isWithin(ancestor)) }
                chain.append(child)
            }
            deepest = max(deepest, chain.count - 1)
        }
        #expect(deepest >= 3)
    }
}
