import MayflyModel
import Testing

/// A payments resource, and what one may ask of a grant at it.
struct GrantsAttenuateTests {
    let schemas: [DetailSchema]
    let bound: Grant

    init() throws {
        let payment = try DetailSchema(
            type: "payment",
            members: [
                try #require(DetailMember(name: "actions", order: .set)),
                try #require(DetailMember(name: "account", order: .exact, unit: .text)),
                try #require(DetailMember(name: "limit", order: .max, unit: .money)),
                try #require(DetailMember(name: "read_only", order: .flag)),
            ])
        let files = try DetailSchema(
            type: "files", members: [try #require(DetailMember(name: "folder", order: .path))])
        schemas = [payment, files]
        let ceiling = """
            [{"type":"payment","actions":["read","pay"],"account":"A","limit":{"amount":"100","currency":"EUR"},
              "read_only":false},
             {"type":"payment","actions":["read"],"account":"B","limit":{"amount":"50","currency":"EUR"},
              "read_only":true}]
            """
        bound = Grant(
            resource: try #require(ResourceURL("https://pay.example")),
            scopes: try scopes("payments payments.read"),
            details: try DetailSet.parse(try #require(try parseJSON(ceiling).arrayValue), schemas: schemas))
    }

    private func ask(scope: String? = nil, _ details: String? = nil) throws -> Grant {
        let request = GrantRequest(
            resource: bound.resource, scopes: try scope.map(scopes),
            details: try details.map { try #require(try parseJSON($0).arrayValue) })
        return try Grant.attenuate(
            request, within: bound, schemas: schemas, registeredScopes: try scopes("payments payments.read admin"))
    }

    @Test func omittedParametersGetTheBound() throws {
        #expect(try ask() == bound)
        let narrowed = try ask(scope: "payments.read")
        #expect(narrowed.scopes.text == "payments.read")
        #expect(narrowed.details == bound.details)
    }

    @Test func anOmittedMemberInheritsFromEachObjectThatFits() throws {
        let both = try ask(#"[{"type":"payment","actions":["read"]}]"#).details
        #expect(both.count == 2)
        #expect(both.details.map { $0["account"]?.json } == [.string("A"), .string("B")])
        #expect(both.details.map { $0["read_only"] } == [.flag(false), .flag(true)])

        let one = try ask(#"[{"type":"payment","actions":["pay"]}]"#).details
        #expect(one.details.map { $0["account"]?.json } == [.string("A")])
        #expect(one.details.first?["limit"]?.json == .object(["amount": .string("100"), "currency": .string("EUR")]))

        #expect(try ask(#"[{"type":"payment"}]"#).details == bound.details)
    }

    @Test func noDetailsAreGrantedWhenNoneAreAsked() throws {
        #expect(try ask("[]").details.isEmpty)
        #expect(throws: NarrowingError.empty) { try ask(scope: "", "[]") }
    }

    @Test(
        arguments: [
            (#"[{"type":"payment","actions":["delete"]}]"#, .detailsTooWide(index: 0, member: "actions")),
            (#"[{"type":"payment","actions":["read","delete"]}]"#, .detailsTooWide(index: 0, member: "actions")),
            (#"[{"type":"payment"},{"type":"payment","account":"C"}]"#, .detailsTooWide(index: 1, member: "account")),
            (
                #"[{"type":"payment","account":"B","limit":{"amount":"50.01","currency":"EUR"}}]"#,
                .detailsTooWide(index: 0, member: nil)
            ),
            (
                #"[{"type":"payment","limit":{"amount":"100.01","currency":"EUR"}}]"#,
                .detailsTooWide(index: 0, member: "limit")
            ),
            (
                #"[{"type":"payment","limit":{"amount":"1","currency":"USD"}}]"#,
                .detailsTooWide(index: 0, member: "limit")
            ),
            (
                #"[{"type":"payment","account":"B","actions":["pay"]}]"#, .detailsTooWide(index: 0, member: nil)
            ),
            (#"[{"type":"files"}]"#, .detailsTooWide(index: 0, member: nil)),
            (#"[{"type":"files","folder":"/a"}]"#, .detailsTooWide(index: 0, member: nil)),
            (#"[{"type":"Payment"}]"#, .detailsUnknownType(index: 0)),
            (#"[{"type":"payment","Actions":["read"]}]"#, .detailsUnknownMember(index: 0)),
            (#"[{"type":"payment","extra":null}]"#, .detailsUnknownMember(index: 0)),
            (#"[{"type":"payment","actions":[]}]"#, .detailsMalformed(index: 0, member: "actions")),
            (#"[{"type":"payment","actions":null}]"#, .detailsMalformed(index: 0, member: "actions")),
            (#"[{"type":"payment","read_only":"true"}]"#, .detailsMalformed(index: 0, member: "read_only")),
            (#"[{"type":"payment","limit":5}]"#, .detailsMalformed(index: 0, member: "limit")),
            (#"[{"actions":["read"]}]"#, .detailsMalformed(index: 0, member: nil)),
            (#"[{"type":7}]"#, .detailsMalformed(index: 0, member: nil)),
            (#"["payment"]"#, .detailsMalformed(index: 0, member: nil)),
            ("[null]", .detailsMalformed(index: 0, member: nil)),
        ] as [(String, NarrowingError)])
    func namesWhatIsWrongWithTheDetails(_ details: String, _ error: NarrowingError) {
        #expect(throws: error) { try ask(details) }
        #expect(error.parameter == "authorization_details")
    }

    @Test func namesRegisteredScopesOnly() throws {
        #expect(throws: NarrowingError.scopeTooWide(try scopes("admin"))) { try ask(scope: "payments admin") }
        #expect(throws: NarrowingError.scopeUnknown(position: 0)) { try ask(scope: "payments admin ADMIN") }
        #expect(NarrowingError.scopeTooWide(try scopes("admin")).description == "not allowed here: admin")
        #expect(throws: NarrowingError.scopeUnknown(position: 0)) {
            try Grant.attenuate(
                GrantRequest(resource: bound.resource, scopes: try scopes("admin")), within: bound, schemas: schemas)
        }
    }

    @Test func anotherResourceIsRefused() throws {
        let other = try #require(ResourceURL("https://pay.example/"))
        #expect(throws: NarrowingError.targetTooWide) {
            try Grant.attenuate(GrantRequest(resource: other), within: bound, schemas: schemas)
        }
        #expect(bound.meet(Grant(resource: other, scopes: bound.scopes, details: bound.details)) == nil)
        #expect(!bound.isWithin(Grant(resource: other, scopes: bound.scopes, details: bound.details)))
    }

    @Test func aChangedTypeGrantsNothingUnderTheOldOne() throws {
        let old = try DetailSchema(
            type: "payment", members: [try #require(DetailMember(name: "account", order: .exact, unit: .text))])
        let object = try parseJSON(#"{"type":"payment","account":"A"}"#)
        #expect(throws: NarrowingError.detailsTooWide(index: 0, member: nil)) {
            try Grant.attenuate(
                GrantRequest(resource: bound.resource, details: [object]), within: bound, schemas: [old])
        }
    }

    @Test func ceilingsStateEveryMember() throws {
        let partial = try parseJSON(#"{"type":"payment","account":"A"}"#)
        #expect(throws: NarrowingError.detailsMissingMember(index: 0, member: "actions")) {
            try DetailSet.parse([partial], schemas: schemas)
        }
        let request = try AuthorizationDetail.parse(partial, schemas: schemas, completeness: .partial)
        #expect(!request.isComplete)
        #expect(throws: NarrowingError.detailsMalformed(index: 0, member: nil)) { try DetailSet([request]) }
        for detail in bound.details.details {
            #expect(!detail.isWithin(request))
            #expect(!request.isWithin(detail))
            #expect(detail.meet(request) == nil)
        }
    }

    @Test func detailsAreWrittenInOneOrder() throws {
        let detail = try #require(bound.details.details.first)
        var writer = JSONWriter()
        detail.writeJSON(into: &writer)
        let text = String(decoding: writer.bytes, as: UTF8.self)
        let expected =
            #"{"type":"payment","account":"A","actions":["pay","read"],"#
            + #""limit":{"amount":"100","currency":"EUR"},"read_only":false}"#
        #expect(text == expected)
    }

    @Test func objectsAreCounted() throws {
        let object = JSONValue.object(["type": .string("payment")])
        let most = GrantRequest(resource: bound.resource, details: Array(repeating: object, count: 32))
        #expect(try Grant.attenuate(most, within: bound, schemas: schemas) == bound)
        let more = GrantRequest(resource: bound.resource, details: Array(repeating: object, count: 33))
        #expect(throws: NarrowingError.tooManyDetails) {
            try Grant.attenuate(more, within: bound, schemas: schemas)
        }
        let folders = { (count: Int) in
            (0..<count).map { JSONValue.object(["type": .string("files"), "folder": .string("/f\($0)")]) }
        }
        let left = try DetailSet.parse(folders(32), schemas: schemas)
        #expect(throws: NarrowingError.tooManyDetails) { try DetailSet.parse(folders(33), schemas: schemas) }
        #expect(throws: NarrowingError.tooManyDetails) { try left.union(bound.details) }
    }

    @Test func aMeetThatCannotBeStatedIsNoGrant() throws {
        let schema = try DetailSchema(
            type: "grid",
            members: [
                try #require(DetailMember(name: "column", order: .set)),
                try #require(DetailMember(name: "row", order: .set)),
            ])
        let all = JSONValue.array((0..<6).map { .string("v\($0)") })
        let grid = { (single: String, whole: String) throws in
            Grant(
                resource: bound.resource, scopes: ScopeSet(),
                details: try DetailSet.parse(
                    (0..<6).map {
                        .object(["type": .string("grid"), single: .array([.string("v\($0)")]), whole: all])
                    }, schemas: [schema]))
        }
        #expect(try grid("column", "row").meet(grid("row", "column")) == nil)
    }

    @Test(arguments: [
        NarrowingError.malformedScope, .tooManyScopes, .scopeUnknown(position: 3), .targetTooWide,
        .detailsMalformed(index: 1, member: "limit"), .detailsUnknownType(index: 1), .detailsUnknownMember(index: 1),
        .detailsMissingMember(index: 1, member: "limit"), .detailsTooWide(index: 1, member: nil), .tooManyDetails,
        .empty, .widened,
    ])
    func descriptionsAreFitForTheWire(_ error: NarrowingError) {
        let isAllowed = error.description.utf8.allSatisfy {
            (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        #expect(isAllowed)
        #expect(["scope", "resource", "authorization_details"].contains(error.parameter))
    }
}
