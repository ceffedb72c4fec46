/// What tells one kind of registry name from another.
package protocol IdentifierKind: Sendable {
    /// Begins every identifier of the kind, colon included; empty for resources.
    static var prefix: String { get }
}

/// A validated registry name such as `agent:support`: the kind's prefix, then 1 to 63 of `a-z 0-9 . _ -`, beginning
/// with a letter or digit.
///
/// Being ASCII, it compares equal exactly when its bytes do, in Swift as in SQL.
package struct Identifier<Kind: IdentifierKind>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The whole identifier, prefix included.
    package let text: String

    /// Takes the whole identifier, prefix included.
    package init?(_ text: String) {
        guard text.utf8.starts(with: Kind.prefix.utf8) else { return nil }
        let name = text.utf8.dropFirst(Kind.prefix.utf8.count)
        guard let first = name.first, name.count <= IdentifierLimits.maximumNameLength else { return nil }
        guard Self.isAlphanumeric(first) else { return nil }
        guard name.allSatisfy({ Self.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }) else { return nil }
        self.text = text
    }

    /// Takes a name as a person types it: with the prefix or without.
    package init?(lenient text: String) {
        self.init(text.utf8.starts(with: Kind.prefix.utf8) ? text : Kind.prefix + text)
    }

    /// The part after the prefix.
    package var name: String { String(text.dropFirst(Kind.prefix.count)) }

    package var description: String { text }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}

/// The bounds that every registry name keeps to.
package enum IdentifierLimits {
    /// Characters after the prefix.
    package static let maximumNameLength = 63
}

package enum AgentKindTag: IdentifierKind { package static let prefix = "agent:" }
package enum OwnerKindTag: IdentifierKind { package static let prefix = "owner:" }
package enum RoleKindTag: IdentifierKind { package static let prefix = "role:" }
package enum AdminKindTag: IdentifierKind { package static let prefix = "admin:" }
package enum ResourceKindTag: IdentifierKind { package static let prefix = "" }

package typealias AgentID = Identifier<AgentKindTag>
package typealias OwnerID = Identifier<OwnerKindTag>
package typealias RoleID = Identifier<RoleKindTag>
package typealias AdminID = Identifier<AdminKindTag>
/// The short name of a resource, without a colon, so that it fits HTTP Basic; its `aud` is its URL.
package typealias ResourceName = Identifier<ResourceKindTag>
