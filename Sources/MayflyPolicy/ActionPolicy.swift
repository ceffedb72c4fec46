package import MayflyModel

/// Decides actions from a token's grant and its resource's declarations alone: pure, default deny.
package enum ActionPolicy {
    /// A named action as the resource declares it.
    package struct Action: Equatable, Sendable {
        package let name: String
        package let scope: Scope?
        package let readOnly: Bool

        package init(name: String, scope: Scope?, readOnly: Bool) {
            (self.name, self.scope, self.readOnly) = (name, scope, readOnly)
        }
    }

    /// What the token grants, and what its resource understands.
    package struct Subject: Sendable {
        package let scopes: ScopeSet
        package let details: [JSONValue]
        package let resourceScopes: ScopeSet
        package let schemas: [DetailSchema]
        package let actions: [Action]
        package let expiresAt: Int64

        package init(
            scopes: ScopeSet, details: [JSONValue], resourceScopes: ScopeSet, schemas: [DetailSchema],
            actions: [Action], expiresAt: Int64
        ) {
            self.scopes = scopes
            self.details = details
            self.resourceScopes = resourceScopes
            self.schemas = schemas
            self.actions = actions
            self.expiresAt = expiresAt
        }
    }

    /// Allows when the action's scope is held and, where the thing's type is declared, one detail covers the demand.
    ///
    /// An action is known by its declaration, by being a scope itself, or by its thing's type; an unknown one is
    /// denied.
    package static func decide(_ question: ActionQuestion, about subject: Subject) -> ActionDecision {
        let declared = subject.actions.first { $0.name.utf8.elementsEqual(question.action.utf8) }
        let named = Scope(question.action).flatMap { subject.resourceScopes.contains($0) ? $0 : nil }
        let needed = declared == nil ? named : declared?.scope
        if let needed, !subject.scopes.contains(needed) { return .deny(.scopeMissing(needed)) }
        let schema = question.type.flatMap { type in
            subject.schemas.first { $0.type.utf8.elementsEqual(type.utf8) }
        }
        guard let schema else {
            // Without a detail to cover it, only a scope that is held can allow.
            return needed == nil ? .deny(.unknownAction) : .allow(rule: "grant.scope", notAfter: subject.expiresAt)
        }
        return cover(question, declared: declared, schema, subject)
    }

    private static func cover(
        _ question: ActionQuestion, declared: Action?, _ schema: DetailSchema, _ subject: Subject
    ) -> ActionDecision {
        var properties = question.properties
        // For a declared action the registry says whether it changes anything, whatever the question says.
        if let declared, schema.member(named: "read_only") != nil { properties["read_only"] = .bool(declared.readOnly) }
        guard let set = try? DetailSet.parse(subject.details, schemas: subject.schemas) else {
            return .deny(.typeNotGranted)
        }
        let demand = ActionDemand(
            type: schema.type, action: question.action, identifier: question.identifier, properties: properties)
        switch set.covers(demand, schema: schema) {
        case .covered: return .allow(rule: "grant.detail", notAfter: subject.expiresAt)
        case .missing(let member): return .deny(.memberMissing(member))
        case .exceeds(let member): return .deny(.exceeds(member))
        case .noSuchType: return .deny(.typeNotGranted)
        }
    }
}
