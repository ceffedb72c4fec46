/// The bounds of what one registry record may hold; each has a test.
package enum RegistryLimits {
    /// Bytes of a display name.
    package static let nameLength = 128
    /// Bytes of a purpose or a reason.
    package static let textLength = 1024
    /// Bytes of an e-mail address.
    package static let emailLength = 254
    package static let rolesPerAgent = 64
    package static let resourcesPerAgent = 64
    package static let delegatesPerAgent = 16
    package static let keysPerClient = 8
    package static let groupsPerOwner = 32
    package static let detailsPerRecord = 32
    package static let scopesPerResource = 64
    package static let typesPerResource = 16
    package static let actionsPerResource = 128
    package static let routesPerResource = 128
    package static let originsPerResource = 8
    /// Seconds; the longest that any role may let a token live.
    package static let maximumTokenLife: Int64 = 3600
    /// Seconds from one review of an agent to the next: an hour to ten years.
    package static let reviewInterval: ClosedRange<Int64> = 3600...315_360_000
    /// Hops below the root that a role may allow.
    package static let maximumDepth: Int64 = 8
    package static let defaultDepth: Int64 = 4
}
