import MayflyServer
import Testing

@Suite struct CredentialsTests {
    private func basic(_ text: String) throws -> BasicCredentials {
        try BasicCredentials.parse(Array(text.utf8))
    }

    @Test func readsTheExampleOfRFC6749() throws {
        guard
            case .basic(let found) = try AuthorizationHeader.parse("Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3")
        else {
            Issue.record("not Basic")
            return
        }
        #expect(found.clientID == "s6BhdRkqt3")
        #expect(found.secret == "7Fjfp0ZBr1KtDRbnfVdmIw")
    }

    @Test(arguments: [
        ("YTpi", "a", "b"), ("YTo=", "a", ""), ("YTpiOmM=", "a", "b:c"), ("JTNBKzp4JTJCeQ==", ": ", "x+y"),
    ])
    func decodesBothHalvesAsForms(_ text: String, _ clientID: String, _ secret: String) throws {
        let found = try basic(text)
        #expect(found.clientID == clientID)
        #expect(found.secret == secret)
    }

    @Test(arguments: [
        "", "YTp", "YTo", "YTo=\n", "YTq=", "Y-_i", "=YTo", "YTo===", "====", "YQ==", "OmI=", "YTolMDA=", "YTol",
        "YQE6Yg==",
        "YTr/", "YTpi YTpi",
    ])
    func refusesMalformedBasic(_ text: String) {
        #expect(throws: HTTPSyntaxError.self) { try basic(text) }
    }

    @Test(arguments: ["abc", "a.b-c_d~e+f/g", "abc==", "eyJ.eyJ.c2ln"])
    func readsBearerTokensUnderAnySpellingOfTheScheme(_ token: String) throws {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            #expect(try AuthorizationHeader.parse("\(scheme) \(token)") == .bearer(.parse(Array(token.utf8))))
        }
        #expect(try AuthorizationHeader.parse("dpop \(token)") == .dpop(.parse(Array(token.utf8))))
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer a b", "Bearer =", "Bearer a=b", "Bearer a,b", "Bearer é", "", " Bearer a",
        "Be(rer a", "Bearer\ta",
    ])
    func refusesMalformedBearer(_ text: String) {
        #expect(throws: HTTPSyntaxError.self) { try AuthorizationHeader.parse(text) }
    }

    @Test func boundsTheSize() throws {
        let longest = [UInt8](repeating: 0x61, count: BearerCredentials.maximumLength)
        #expect(try BearerCredentials.parse(longest).token.utf8.count == longest.count)
        #expect(throws: HTTPSyntaxError.credentialsTooLong) { try BearerCredentials.parse(longest + [0x61]) }
        #expect(throws: HTTPSyntaxError.credentialsTooLong) {
            try BasicCredentials.parse([UInt8](repeating: 0x61, count: 4100))
        }
    }

    @Test func knowsOtherSchemesOnlyAsUnsupported() throws {
        #expect(try AuthorizationHeader.parse("Digest username=\"x\"") == .unsupported)
        #expect(try AuthorizationHeader.parse("Bearerx a") == .unsupported)
    }

    @Test func keepsSecretsOutOfDescriptions() throws {
        let found = try basic("YWxpY2U6aHVudGVyMg==")
        let header = AuthorizationHeader.basic(found)
        let token = AuthorizationHeader.bearer(try BearerCredentials.parse(Array("hunter2".utf8)))
        var dumped = ""
        dump([header, token], to: &dumped)
        for text in ["\(found)", "\(header)", "\(token)", String(reflecting: token), dumped] {
            #expect(!text.contains("hunter2"))
        }
    }
}
