import MayflyModel
import Testing

@Suite struct IdentifierTests {
    static let longest = String(repeating: "a", count: IdentifierLimits.maximumNameLength)

    @Test(arguments: ["agent:a", "agent:0", "agent:support.eu-1_x", "agent:a..b", "agent:" + longest])
    func acceptsNamesOfItsKind(text: String) {
        #expect(AgentID(text)?.text == text)
        #expect(AgentID(text)?.description == text)
        #expect(AgentID(text).map { "agent:" + $0.name } == text)
        #expect(OwnerID(text) == nil)
        #expect(ResourceName(text) == nil)
    }

    @Test(arguments: [
        "", "agent:", "agent", "a", "Agent:a", "agent:A", "agent:.a", "agent:-a", "agent:_a", "agent:a b", "agent:a\0",
        "agent:a\n", "agent:a/b", "agent:a:b", "agent:é", "agent:\u{212A}", "agent:a\u{301}", " agent:a",
        "agent:" + longest + "a", "agent：a",
    ])
    func refusesAnyOtherText(text: String) {
        #expect(AgentID(text) == nil)
    }

    @Test(arguments: [
        ("support", "agent:support"), ("agent:support", "agent:support"), ("agent", "agent:agent"), ("agent:", nil),
        ("", nil), ("owner:a", nil), ("agent:agent:a", nil),
    ])
    func takesAPersonsShortForm(typed: String, full: String?) {
        #expect(AgentID(lenient: typed)?.text == full)
    }

    @Test func aResourceNameHasNoPrefixAndNoColon() {
        #expect(ResourceName("crm-api")?.name == "crm-api")
        #expect(ResourceName(lenient: "crm-api")?.text == "crm-api")
        #expect(ResourceName("crm:api") == nil)
        #expect(ResourceName("") == nil)
    }

    @Test func ordersAsBytes() {
        let names = ["agent:a", "agent:b-", "agent:a0", "agent:a-", "agent:a.", "agent:a_"]
        let identifiers = names.compactMap { AgentID($0) }.sorted().map(\.text)
        #expect(identifiers == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
}
