package import MayflyModel

/// Grades a case by money, data, reversibility and regulation; the highest grade is its tier.
package struct TierScale: Equatable, Sendable {
    /// Amounts from which on tiers 2, 3 and 4 begin, nil for a tier that no amount reaches.
    private struct Steps<Amount: Comparable & Equatable & Sendable>: Equatable, Sendable {
        var tier2: Amount?
        var tier3: Amount?
        var tier4: Amount?

        func tier(of amount: Amount) -> RiskTier {
            if let tier4, amount >= tier4 { return .halt }
            if let tier3, amount >= tier3 { return .approval }
            if let tier2, amount >= tier2 { return .supervised }
            return .autonomous
        }

        /// Whether each step is above the one before.
        var isAscending: Bool {
            let steps = [tier2, tier3, tier4].compactMap { $0 }
            return zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 }
        }
    }

    /// Currencies or regulations of one scale.
    package static let maximumEntries = 64

    private var cost: [(currency: String, steps: Steps<DecimalNumber>)] = []
    private var records: Steps<Int64>?
    private var sensitivity: [PolicyContext.Sensitivity: RiskTier] = [:]
    private var reversibility: [PolicyContext.Reversibility: RiskTier] = [:]
    private var regulations: [(name: String, tier: RiskTier)] = []
    /// The grade of a dimension that is graded and that the case says nothing about.
    private let missing: RiskTier
    /// The grade of a currency or regulation that the scale does not name.
    private let unlisted: RiskTier
    /// Who must agree in tier 3.
    package let approval: ApprovalTerms
    /// Seconds in which what tier 2 let through can be taken back.
    package let window: Int64
    /// Whether tier 4 also suspends the agent.
    package let suspendsOnHalt: Bool

    package init(_ fields: inout FieldReader) throws(FieldError) {
        if var reader = try fields.object("cost") {
            for name in reader.memberNames {
                guard name.utf8.count == 3, name.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
                    throw reader.failure(name, .invalid(rule: "a currency is three capital letters, for example EUR"))
                }
                guard var steps = try reader.object(name) else { continue }
                cost.append((name, try Self.steps(&steps, Self.decimal)))
            }
            try reader.finish()
        }
        if var reader = try fields.object("records") { records = try Self.steps(&reader, Self.count) }
        if var reader = try fields.object("sensitivity") {
            for grade in PolicyContext.Sensitivity.allCases {
                sensitivity[grade] = try Self.tier(grade.rawValue, in: &reader)
            }
            try reader.finish()
        }
        if var reader = try fields.object("reversibility") {
            for grade in PolicyContext.Reversibility.allCases {
                reversibility[grade] = try Self.tier(grade.rawValue, in: &reader)
            }
            try reader.finish()
        }
        if var reader = try fields.object("regulations") {
            for name in reader.memberNames {
                guard let tier = try Self.tier(name, in: &reader) else { continue }
                regulations.append((name, tier))
            }
            try reader.finish()
        }
        guard max(cost.count, regulations.count) <= Self.maximumEntries else {
            throw FieldError(path: fields.path, problem: .tooMany(maximum: Self.maximumEntries))
        }
        guard let missing = try Self.tier("missing", in: &fields) else { throw fields.failure("missing", .missing) }
        self.missing = missing
        unlisted = try Self.tier("unlisted", in: &fields) ?? .approval
        window = try fields.duration("window", in: 1...3600) ?? 600
        suspendsOnHalt = try fields.optionalBool("suspend_on_halt") ?? false
        approval = try ApprovalTerms.take("approval", from: &fields) ?? ApprovalTerms()
    }

    /// The tier of a case: that of its highest dimension.
    package func tier(of context: PolicyContext) -> RiskTier {
        var tier = RiskTier.autonomous
        func raise(to grade: RiskTier) { tier = max(tier, grade) }
        if !cost.isEmpty {
            raise(
                to: context.cost.map { money in
                    cost.first { $0.currency == money.currency }?.steps.tier(of: money.amount) ?? unlisted
                } ?? missing)
        }
        if let records { raise(to: context.records.map { records.tier(of: $0) } ?? missing) }
        if !sensitivity.isEmpty {
            raise(to: context.sensitivity.map { sensitivity[$0] ?? unlisted } ?? missing)
        }
        if !reversibility.isEmpty {
            raise(to: context.reversibility.map { reversibility[$0] ?? unlisted } ?? missing)
        }
        if !regulations.isEmpty {
            // Nothing regulates most of what agents do, so an absent list says that, and is not missing.
            for name in context.regulations {
                raise(to: regulations.first { $0.name.utf8.elementsEqual(name.utf8) }?.tier ?? unlisted)
            }
        }
        return tier
    }

    private static func steps<Amount>(
        _ fields: inout FieldReader, _ read: (String, inout FieldReader) throws(FieldError) -> Amount?
    ) throws(FieldError) -> Steps<Amount> {
        let steps = Steps(
            tier2: try read("tier2", &fields), tier3: try read("tier3", &fields), tier4: try read("tier4", &fields))
        try fields.finish()
        guard steps.isAscending else {
            throw FieldError(path: fields.path, problem: .invalid(rule: "each tier must begin above the one before"))
        }
        return steps
    }

    private static func decimal(_ name: String, _ fields: inout FieldReader) throws(FieldError) -> DecimalNumber? {
        guard let text = try fields.optionalString(name) else { return nil }
        guard let number = DecimalNumber(text) else {
            throw fields.failure(name, .invalid(rule: "must be an amount in quotes, for example \"12.50\""))
        }
        return number
    }

    private static func count(_ name: String, _ fields: inout FieldReader) throws(FieldError) -> Int64? {
        try fields.optionalInteger(name, in: 0...Int64.max)
    }

    private static func tier(_ name: String, in fields: inout FieldReader) throws(FieldError) -> RiskTier? {
        try fields.optionalInteger(name, in: 1...4).flatMap { RiskTier(rawValue: Int(clamping: $0)) }
    }

    package static func == (left: TierScale, right: TierScale) -> Bool {
        left.cost.elementsEqual(right.cost, by: ==) && left.records == right.records
            && left.sensitivity == right.sensitivity && left.reversibility == right.reversibility
            && left.regulations.elementsEqual(right.regulations, by: ==) && left.missing == right.missing
            && left.unlisted == right.unlisted && left.approval == right.approval && left.window == right.window
            && left.suspendsOnHalt == right.suspendsOnHalt
    }
}
