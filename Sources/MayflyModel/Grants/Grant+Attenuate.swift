/// What a caller asks for; nil stands for a parameter that it left out, and gets all of the bound.
package struct GrantRequest: Sendable {
    package let resource: ResourceURL
    package let scopes: ScopeSet?
    /// The objects of `authorization_details`; each may leave members out, which it then takes from the bound.
    ///
    /// One of them may be the limits. They are no right: an array that holds nothing else leaves the details out.
    package let details: [JSONValue]?

    package init(resource: ResourceURL, scopes: ScopeSet? = nil, details: [JSONValue]? = nil) {
        self.resource = resource
        self.scopes = scopes
        self.details = details
    }
}

extension Grant {
    /// Gives what is asked when `bound` allows it, else throws what asked too much; the only way to mint a grant.
    ///
    /// The result is within `bound`, always. `registeredScopes` are the resource's own: an error names a refused scope
    /// only if it is one of them, because other text in it would be the caller's.
    package static func attenuate(
        _ request: GrantRequest, within bound: Grant, schemas: [DetailSchema], registeredScopes: ScopeSet = ScopeSet()
    ) throws(NarrowingError) -> Grant {
        guard request.resource == bound.resource else { throw .targetTooWide }
        let grant = Grant(
            resource: bound.resource,
            scopes: try narrowed(request.scopes, within: bound.scopes, registered: registeredScopes),
            details: try narrowed(request.details, within: bound.details, schemas: schemas),
            limits: try narrowed(request.details, within: bound.limits))
        guard !grant.isEmpty else { throw .empty }
        guard grant.isWithin(bound) else { throw .widened }
        return grant
    }

    private static func narrowed(
        _ requested: ScopeSet?, within bound: ScopeSet, registered: ScopeSet
    ) throws(NarrowingError) -> ScopeSet {
        let scopes = requested ?? bound
        guard scopes.count <= ScopeSet.maximumCount else { throw .tooManyScopes }
        if let position = scopes.scopes.firstIndex(where: { !bound.contains($0) && !registered.contains($0) }) {
            throw .scopeUnknown(position: position)
        }
        let refused = scopes.subtracting(bound)
        guard refused.isEmpty else { throw .scopeTooWide(refused) }
        return scopes
    }

    private static func narrowed(
        _ requested: [JSONValue]?, within bound: DetailSet, schemas: [DetailSchema]
    ) throws(NarrowingError) -> DetailSet {
        guard let requested else { return bound }
        let limitCount = requested.count(where: Limits.isLimits)
        if limitCount > 0, limitCount == requested.count { return bound }
        guard requested.count - limitCount <= DetailSet.maximumCount else { throw .tooManyDetails }
        var granted: [AuthorizationDetail] = []
        for (index, json) in requested.enumerated() where !Limits.isLimits(json) {
            let detail = try AuthorizationDetail.parse(json, schemas: schemas, completeness: .partial, index: index)
            granted += try completions(of: detail, within: bound, index: index)
        }
        return try DetailSet(granted)
    }

    private static func narrowed(
        _ requested: [JSONValue]?, within bound: Limits
    ) throws(NarrowingError) -> Limits {
        guard let requested, let index = requested.firstIndex(where: Limits.isLimits) else { return bound }
        if let second = requested[(index + 1)...].firstIndex(where: Limits.isLimits) {
            throw .detailsMalformed(index: second, member: nil)
        }
        return try Limits.Request(requested[index], index: index).narrowed(within: bound)
    }

    /// What a request object comes to inside each of the bound's objects that holds all it states: at least one.
    private static func completions(
        of detail: AuthorizationDetail, within bound: DetailSet, index: Int
    ) throws(NarrowingError) -> [AuthorizationDetail] {
        var fitting: [AuthorizationDetail] = []
        var refusals: [[String]] = []
        for completion in bound.details.compactMap({ detail.completed(within: $0) }) {
            switch completion {
            case .fits(let complete): fitting.append(complete)
            case .exceeds(let members): refusals.append(members)
            }
        }
        guard fitting.isEmpty else { return fitting }
        // Name a member only if no object of the bound allows what it asks; two objects may each refuse another one.
        let blamed = refusals.first?.first { name in refusals.allSatisfy { $0.contains(name) } }
        throw .detailsTooWide(index: index, member: blamed)
    }
}
