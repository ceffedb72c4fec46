import MayflyModel
@testable import MayflyPolicy
import Testing

/// The grade of a case is that of its highest dimension.
@Suite struct TierScaleTests {
    static let scale = """
        {"cost": {"USD": {"tier2": "100", "tier3": "1000", "tier4": "50000"}},
         "records": {"tier2": 100, "tier3": 10000, "tier4": 1000000},
         "sensitivity": {"public": 1, "internal": 1, "confidential": 2, "restricted": 3},
         "reversibility": {"reversible": 1, "compensable": 2, "irreversible": 3},
         "regulations": {"gdpr": 2, "hipaa": 3}, "missing": 1, "window": "10m",
         "approval": {"groups": ["risk"]}}
        """

    /// A context, and its tier.
    static let cases: [(String, Int)] = [
        ("{}", 1),
        (#"{"cost": {"amount": "99.99", "currency": "USD"}}"#, 1),
        (#"{"cost": {"amount": "100.00", "currency": "USD"}}"#, 2),
        (#"{"cost": {"amount": "999.99", "currency": "USD"}}"#, 2),
        (#"{"cost": {"amount": "1000", "currency": "USD"}}"#, 3),
        (#"{"cost": {"amount": "50000", "currency": "USD"}}"#, 4),
        // Nobody said what a franc is worth.
        (#"{"cost": {"amount": "1", "currency": "CHF"}}"#, 3),
        (#"{"cost": {"amount": "200", "currency": "USD"}, "records": 50000}"#, 3),
        (#"{"records": 99}"#, 1),
        (#"{"records": 1000000}"#, 4),
        (#"{"sensitivity": "restricted", "cost": {"amount": "1", "currency": "USD"}}"#, 3),
        (#"{"reversibility": "irreversible", "sensitivity": "public"}"#, 3),
        (#"{"regulations": ["gdpr"]}"#, 2),
        (#"{"regulations": ["gdpr", "hipaa"]}"#, 3),
        (#"{"regulations": ["unheard-of"]}"#, 3),
    ]

    @Test(arguments: cases)
    func theHighestDimensionDecides(_ context: String, _ tier: Int) throws {
        let bundle = try Bundles.rules(Bundles.rule("all", "allow"), tiers: Self.scale)
        let decision = bundle.decide(try Bundles.facts(context: context))
        #expect(decision.tier.rawValue == tier)
        let expected: PolicyOutcome =
            switch tier {
            case 3: .requireApproval
            case 4: .deny
            default: .allow
            }
        #expect(decision.outcome == expected)
        #expect((decision.window != nil) == (tier == 2))
        #expect(decision.approvals == (tier == 3 ? [ApprovalTerms(groups: ["risk"])] : []))
    }

    @Test func aTierGrantsNothingByItself() throws {
        let bundle = try Bundles.rules(tiers: Self.scale)
        #expect(try bundle.decide(Bundles.facts()).outcome == .deny)
        let decision = try bundle.decide(Bundles.facts(context: #"{"records": 20000}"#))
        #expect(decision.outcome == .deny)
        #expect(decision.rule == "default")
    }

    @Test func aDimensionWithoutAFactTakesTheGradeForMissing() throws {
        let strict = Self.scale.replacing("\"missing\": 1", with: "\"missing\": 3")
        let bundle = try Bundles.rules(Bundles.rule("all", "allow"), tiers: strict)
        #expect(try bundle.decide(Bundles.facts()).tier == .approval)
    }

    @Test func haltCanSuspendTheAgent() throws {
        let halting = Self.scale.replacing("\"missing\": 1", with: "\"missing\": 1, \"suspend_on_halt\": true")
        let bundle = try Bundles.rules(Bundles.rule("all", "allow"), tiers: halting)
        #expect(try bundle.decide(Bundles.facts(context: #"{"records": 1000000}"#)).suspendsAgent)
        #expect(try !bundle.decide(Bundles.facts()).suspendsAgent)
    }
}
