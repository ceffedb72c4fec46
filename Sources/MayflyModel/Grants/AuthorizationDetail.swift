/// One object of `authorization_details` (RFC 9396 §2): the product of its members, each narrowing it further.
///
/// A registered or minted detail is complete: it states every member of its type, so nothing is implicit. A request may
/// leave members out; such a partial detail compares only with details that leave out the same ones, and becomes
/// complete only by `completed(within:)`.
package struct AuthorizationDetail: Hashable, Sendable {
    package enum Completeness: Sendable {
        case complete
        case partial
    }

    package let schema: DetailSchema
    /// One for each of the schema's members, in their order; nil where a request left the member out.
    let values: [MemberValue?]

    init(schema: DetailSchema, values: [MemberValue?]) {
        self.schema = schema
        self.values = values
    }

    package var type: String { schema.type }

    /// The members that are stated, by name.
    package var members: [(name: String, value: MemberValue)] {
        zip(schema.members, values).compactMap { member, value in value.map { (member.name, $0) } }
    }

    package var isComplete: Bool { values.allSatisfy { $0 != nil } }

    /// The value of one member; nil when the type does not declare it or it is left out.
    package subscript(name: String) -> MemberValue? {
        zip(schema.members, values).first { member, _ in JSONObject.same(member.name, name) }?.1
    }

    /// Whether this object allows no more than `other` does (`self ⊑ other`): the same type, and within it member by
    /// member.
    package func isWithin(_ other: AuthorizationDetail) -> Bool {
        guard schema == other.schema else { return false }
        for (index, member) in schema.members.enumerated() {
            switch (values[index], other.values[index]) {
            case (nil, nil): continue
            case (let mine?, let theirs?) where mine.isWithin(theirs, order: member.order): continue
            default: return false
            }
        }
        return true
    }

    /// The most that both objects allow (`self ∧ other`), or nil when they have nothing in common.
    package func meet(_ other: AuthorizationDetail) -> AuthorizationDetail? {
        guard schema == other.schema else { return nil }
        var common: [MemberValue?] = []
        for (index, member) in schema.members.enumerated() {
            switch (values[index], other.values[index]) {
            case (nil, nil): common.append(nil)
            case (let mine?, let theirs?):
                guard let value = mine.meet(theirs, order: member.order) else { return nil }
                common.append(value)
            default: return nil
            }
        }
        return AuthorizationDetail(schema: schema, values: common)
    }

    /// Numbers that come later in lexicographic order the broader the object.
    ///
    /// `a ⊏ b` makes `a.breadth` precede `b.breadth`; of objects that are not comparable it says nothing.
    var breadth: [Int64] {
        zip(schema.members, values).flatMap { member, value in value?.breadth(order: member.order) ?? [] }
    }

    /// This object with the members that it leaves out taken from `bound`, or the names of the members that ask for
    /// more than `bound` allows; nil when the types differ.
    func completed(within bound: AuthorizationDetail) -> Completion? {
        guard schema == bound.schema else { return nil }
        var exceeding: [String] = []
        for (index, member) in schema.members.enumerated() {
            guard let asked = values[index] else { continue }
            if let limit = bound.values[index], asked.isWithin(limit, order: member.order) { continue }
            exceeding.append(member.name)
        }
        guard exceeding.isEmpty else { return .exceeds(exceeding) }
        return .fits(AuthorizationDetail(schema: schema, values: zip(values, bound.values).map { $0 ?? $1 }))
    }

    enum Completion {
        case fits(AuthorizationDetail)
        case exceeds([String])
    }
}
