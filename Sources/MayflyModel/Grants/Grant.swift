/// The rights in one token: at one resource, these scopes and these authorization details, within these limits.
package struct Grant: Hashable, Sendable {
    package let resource: ResourceURL
    package let scopes: ScopeSet
    package let details: DetailSet
    /// How much and when the rights may be used; no right themselves.
    package let limits: Limits

    package init(resource: ResourceURL, scopes: ScopeSet, details: DetailSet, limits: Limits = .none) {
        self.resource = resource
        self.scopes = scopes
        self.details = details
        self.limits = limits
    }

    package var isEmpty: Bool { scopes.isEmpty && details.isEmpty }

    /// Whether this grant allows no more than `bound` does (`self ⊑ bound`).
    package func isWithin(_ bound: Grant) -> Bool {
        resource == bound.resource && scopes.isSubset(of: bound.scopes) && details.isWithin(bound.details)
            && limits.isWithin(bound.limits)
    }

    /// The most that both grants allow (`self ∧ other`), which may be empty.
    ///
    /// Nil when the resources differ, when the limits have no meet, or when the meet takes more than
    /// `DetailSet.maximumCount` objects to state: then no grant is that meet, and a smaller one would silently take
    /// rights away.
    package func meet(_ other: Grant) -> Grant? {
        guard resource == other.resource, let limits = limits.meet(other.limits),
            let details = try? details.meet(other.details)
        else { return nil }
        return Grant(
            resource: resource, scopes: scopes.intersection(other.scopes), details: details, limits: limits)
    }
}
