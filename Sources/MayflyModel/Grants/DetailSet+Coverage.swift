/// The question that a tool asks (AuthZEN 1.0), whether this may be done to that.
package struct ActionDemand: Sendable {
    /// The type of detail that must allow it; nil leaves that to the schema.
    package let type: String?
    package let action: String
    package let identifier: String?
    /// What else the tool states about the action, by member name.
    package let properties: JSONObject

    package init(type: String? = nil, action: String, identifier: String? = nil, properties: JSONObject = [:]) {
        self.type = type
        self.action = action
        self.identifier = identifier
        self.properties = properties
    }
}

/// Whether some object covers a demand; anything but `covered` is a refusal.
package enum CoverageResult: Equatable, Sendable {
    case covered
    /// Some object might, once the tool states this member.
    case missing(member: String)
    /// No object allows what is stated; the member is named when they all refuse the same one.
    case exceeds(member: String?)
    case noSuchType
}

extension DetailSet {
    /// Whether one object of the schema's type, alone, covers the whole demand.
    ///
    /// A member `actions`, if a set, must hold the action; a member `identifier`, if a text, path or set, must cover
    /// the identifier. Each other member must be stated in the properties and be within the object's value. A bare text
    /// stands for a set of one. Only a flag that is false, and so restricts nothing, need not be stated.
    package func covers(_ demand: ActionDemand, schema: DetailSchema) -> CoverageResult {
        if let type = demand.type, !JSONObject.same(type, schema.type) { return .noSuchType }
        let candidates = details.filter { $0.schema == schema }
        guard !candidates.isEmpty else { return .noSuchType }
        let stated = schema.members.map { demand.statement(for: $0) }
        let answers = candidates.map { Self.coverage(of: stated, by: $0) }
        if answers.contains(.covered) { return .covered }
        for case .missing(let member) in answers { return .missing(member: member) }
        guard let first = answers.first, answers.allSatisfy({ $0 == first }) else { return .exceeds(member: nil) }
        return first
    }

    private static func coverage(of stated: [Statement], by detail: AuthorizationDetail) -> CoverageResult {
        var missing: String?
        for (index, member) in detail.schema.members.enumerated() {
            switch (stated[index], detail.values[index]) {
            case (.value(let value), let bound?) where value.isWithin(bound, order: member.order): continue
            case (.nothing, .flag(false)?): continue
            case (.nothing, _): missing = missing ?? member.name
            default: return .exceeds(member: member.name)
            }
        }
        return missing.map { .missing(member: $0) } ?? .covered
    }
}

/// What a demand says about one member.
private enum Statement {
    case nothing
    /// Not the shape that the member has; nothing allows it.
    case malformed
    case value(MemberValue)
}

extension ActionDemand {
    fileprivate func statement(for member: DetailMember) -> Statement {
        guard let json = json(for: member) else { return .nothing }
        return MemberValue.read(json, as: member).map(Statement.value) ?? .malformed
    }

    private func json(for member: DetailMember) -> JSONValue? {
        let json: JSONValue? =
            switch (member.name, member.order, member.unit) {
            case ("actions", .set, _): .string(action)
            case ("identifier", .set, _), ("identifier", .path, _), ("identifier", .exact, .text):
                identifier.map(JSONValue.string)
            default: properties[member.name]
            }
        if member.order == .set, case .string? = json { return json.map { .array([$0]) } }
        return json
    }
}
