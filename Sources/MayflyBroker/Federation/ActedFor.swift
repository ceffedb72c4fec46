package import MayflyModel

/// The person on whose behalf a token was made, and the roles by which they have their half of its rights.
package struct ActedFor: Equatable, Sendable {
    package let person: PersonID
    /// In the order in which the provider's rules gave them; never empty.
    package let roles: [RoleID]

    package init(person: PersonID, roles: [RoleID]) {
        (self.person, self.roles) = (person, roles)
    }
}

extension Tables {
    /// The smallest epoch that a token on this person's behalf may carry; nil when they have left, or when the provider
    /// or one of the roles is there no more.
    func epoch(of actedFor: ActedFor) -> Int64? {
        let record = people[actedFor.person]
        guard record?.state != .left, let provider = providers[actedFor.person.provider] else { return nil }
        var largest = max(record?.epoch ?? 0, provider.epoch)
        for id in actedFor.roles {
            guard let role = roles[id] else { return nil }
            largest = max(largest, role.epoch)
        }
        return largest
    }
}

extension Ceiling {
    /// The most that can be done at a resource on behalf of somebody with these roles.
    static func grant(forPersonWith roles: [Role], at resource: Resource) -> Grant? {
        let scopes = resource.spec.scopes.intersection(ofUnion: roles.map(\.spec.scopes))
        var details: [AuthorizationDetail] = []
        for detail in roles.flatMap(\.spec.details) where detail.resource == resource.id {
            guard let parsed = try? detail.parsed(for: resource) else { continue }
            details.append(parsed)
        }
        guard let set = try? DetailSet(details) else { return nil }
        return Grant(resource: resource.spec.identifier, scopes: scopes, details: set)
    }
}
