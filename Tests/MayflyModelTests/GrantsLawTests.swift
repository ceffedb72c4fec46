import MayflyModel
import Testing

/// The order and its meet on values, details, sets and grants; each test runs once for each seed.
struct GrantsLawTests {
    private static let rounds = 60

    @Test(arguments: lawSeeds)
    func detailsArePartiallyOrdered(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        for _ in 0..<Self.rounds {
            let (a, b, c) = (try random.detail(), try random.detail(), try random.detail())
            #expect(a.isWithin(a))
            if a.isWithin(b), b.isWithin(a) { #expect(a == b) }
            if a.isWithin(b), b.isWithin(c) { #expect(a.isWithin(c)) }
            let lower = try random.narrower(than: a)
            #expect(lower.isWithin(a))
            #expect(!a.isWithin(lower) || a == lower)
            #expect(try random.narrower(than: lower).isWithin(a))
        }
    }

    @Test(arguments: lawSeeds)
    func detailMeetIsTheGreatestLowerBound(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        for _ in 0..<Self.rounds {
            let (a, b, c) = (try random.detail(), try random.detail(), try random.detail())
            let meet = a.meet(b)
            #expect(meet == b.meet(a))
            #expect(a.meet(a) == a)
            #expect(meet.flatMap { $0.meet(c) } == b.meet(c).flatMap { a.meet($0) })
            #expect((meet == a) == a.isWithin(b))
            if let meet { #expect(meet.isWithin(a) && meet.isWithin(b)) }
            for candidate in [c, try random.narrower(than: a), try random.narrower(than: b)]
            where candidate.isWithin(a) && candidate.isWithin(b) {
                #expect(meet.map(candidate.isWithin) == true)
            }
        }
    }

    @Test(arguments: lawSeeds)
    func grantsArePartiallyOrdered(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        for _ in 0..<Self.rounds {
            let (a, b, c) = (try random.grant(), try random.grant(), try random.grant())
            #expect(a.isWithin(a))
            if a.isWithin(b), b.isWithin(a) { #expect(a == b) }
            if a.isWithin(b), b.isWithin(c) { #expect(a.isWithin(c)) }
            let lower = try random.narrower(than: a.details)
            let lowest = try random.narrower(than: lower)
            #expect(lower.isWithin(a.details) && lowest.isWithin(lower) && lowest.isWithin(a.details))
            #expect(!a.details.isWithin(lower) || a.details == lower)
        }
    }

    @Test(arguments: lawSeeds)
    func grantMeetIsTheGreatestLowerBound(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        for _ in 0..<Self.rounds {
            let (a, b, c) = (try random.grant(), try random.grant(), try random.grant())
            let meet = try #require(a.meet(b))
            #expect(meet.isWithin(a) && meet.isWithin(b))
            #expect(meet == b.meet(a))
            #expect(a.meet(a) == a)
            #expect(meet.meet(c) == b.meet(c).flatMap { a.meet($0) })
            #expect((meet == a) == a.isWithin(b))
            let fromA = Grant(
                resource: a.resource, scopes: a.scopes.intersection(c.scopes),
                details: try random.narrower(than: a.details))
            for candidate in [c, fromA] where candidate.isWithin(a) && candidate.isWithin(b) {
                #expect(candidate.isWithin(meet))
            }
        }
    }

    @Test(arguments: lawSeeds)
    func aSetHasOneFormHoweverItIsWritten(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        for _ in 0..<Self.rounds {
            let set = try random.detailSet()
            var padded = set.details + set.details
            for detail in set.details { padded.append(try random.narrower(than: detail)) }
            let rebuilt = try DetailSet(padded.shuffled(using: &random.generator))
            #expect(rebuilt == set)
            #expect(JSONWriter.bytes(of: rebuilt.json) == JSONWriter.bytes(of: set.json))
            #expect(rebuilt.hashValue == set.hashValue)
            let reread = try DetailSet.parse(try #require(set.json.arrayValue), schemas: random.schemas)
            #expect(reread == set)
        }
    }

    @Test(arguments: lawSeeds)
    func unionIsTheLeastUpperBound(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        for _ in 0..<Self.rounds {
            let (a, b, c) = (try random.detailSet(), try random.detailSet(), try random.detailSet())
            let union = try a.union(b)
            #expect(a.isWithin(union) && b.isWithin(union))
            #expect(try union == b.union(a))
            if a.isWithin(c), b.isWithin(c) { #expect(union.isWithin(c)) }
            #expect(try a.meet(union) == a)
        }
    }

    @Test(arguments: lawSeeds)
    func noChainOfRequestsWidensOrRegains(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        var deepest = 0
        for _ in 0..<Self.rounds {
            var chain = [try random.grant()]
            while chain.count <= 6 {
                let parent = try #require(chain.last)
                let request = try random.request(near: parent)
                guard
                    let child = try? Grant.attenuate(request, within: parent, schemas: random.schemas)
                else { break }
                for ancestor in chain {
                    #expect(child.isWithin(ancestor))
                    let regain = GrantRequest(
                        resource: ancestor.resource, scopes: ancestor.scopes,
                        details: ancestor.details.json.arrayValue)
                    if child != ancestor {
                        #expect(throws: NarrowingError.self) {
                            try Grant.attenuate(regain, within: child, schemas: random.schemas)
                        }
                    }
                }
                chain.append(child)
            }
            deepest = max(deepest, chain.count - 1)
        }
        #expect(deepest == 6)
    }

    @Test(arguments: lawSeeds)
    func whatIsStatedIsGrantedInFullOrRefused(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        var granted = 0
        for _ in 0..<Self.rounds {
            let bound = try random.grant()
            let request = try random.request(near: bound)
            guard let grant = try? Grant.attenuate(request, within: bound, schemas: random.schemas) else { continue }
            granted += 1
            #expect(grant.isWithin(bound))
            #expect(grant.scopes == request.scopes ?? bound.scopes)
            guard let objects = request.details else {
                #expect(grant.details == bound.details)
                continue
            }
            let asked = try objects.map {
                try AuthorizationDetail.parse($0, schemas: random.schemas, completeness: .partial)
            }
            // An object may be lost in a wider one that was asked too, but nobody gets what no object asked.
            for asked in asked {
                #expect(grant.details.details.contains { Self.agree(asked, $0) { $0.isWithin($1, order: $2) } })
            }
            for given in grant.details.details {
                #expect(asked.contains { Self.agree($0, given) { stated, value, _ in stated == value } })
            }
        }
        #expect(granted > 0)
    }

    /// Whether the objects are of one type and `relation` holds for each member that `asked` states.
    private static func agree(
        _ asked: AuthorizationDetail, _ given: AuthorizationDetail,
        by relation: (MemberValue, MemberValue, MemberOrder) -> Bool
    ) -> Bool {
        given.schema == asked.schema
            && asked.schema.members.allSatisfy { member in
                guard let stated = asked[member.name] else { return true }
                return given[member.name].map { relation(stated, $0, member.order) } == true
            }
    }

    @Test(arguments: lawSeeds)
    func omittingEverythingGivesTheMeet(seed: UInt64) throws {
        var random = try RandomRights(seed: seed)
        for _ in 0..<Self.rounds {
            let bound = try #require(try random.grant().meet(try random.grant()))
            let request = GrantRequest(resource: bound.resource)
            if bound.isEmpty {
                #expect(throws: NarrowingError.empty) {
                    try Grant.attenuate(request, within: bound, schemas: random.schemas)
                }
            } else {
                #expect(try Grant.attenuate(request, within: bound, schemas: random.schemas) == bound)
            }
        }
    }
}
