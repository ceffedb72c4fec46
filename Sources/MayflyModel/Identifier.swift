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
        guard IdentifierLimits.permit(text, prefix: Kind.prefix) else { return nil }
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
}

/// The bounds that every registry name keeps to.
package enum IdentifierLimits {
    /// Characters after the prefix.
    package static let maximumNameLength = 63

    /// Whether `text` is `prefix` and then a name.
    ///
    /// Not generic, so that it is compiled once and for what it does: each identifier of each request comes here.
    fileprivate static func permit(_ text: String, prefix: String) -> Bool {
        let bytes = text.utf8.span
        let prefix = prefix.utf8.span
        guard bytes.count > prefix.count, bytes.count - prefix.count <= maximumNameLength else { return false }
        for index in prefix.indices where bytes[index] != prefix[index] { return false }
        guard isAlphanumeric(bytes[prefix.count]) else { return false }
        for index in (prefix.count + 1)..<bytes.count {
            let byte = bytes[index]
            guard isAlphanumeric(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F else { return false }
        }
        return true
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}

package enum AgentKindTag: IdentifierKind { package static let prefix = "agent:" }
package enum OwnerKindTag: IdentifierKind { package static let prefix = "owner:" }
package enum RoleKindTag: IdentifierKind { package static let prefix = "role:" }
package enum AdminKindTag: IdentifierKind { package static let prefix = "admin:" }
package enum ProviderKindTag: IdentifierKind { package static let prefix = "provider:" }
package enum ResourceKindTag: IdentifierKind { package static let prefix = "" }

package typealias AgentID = Identifier<AgentKindTag>
package typealias OwnerID = Identifier<OwnerKindTag>
package typealias RoleID = Identifier<RoleKindTag>
package typealias AdminID = Identifier<AdminKindTag>
package typealias ProviderID = Identifier<ProviderKindTag>
/// The short name of a resource, without a colon, so that it fits HTTP Basic; its `aud` is its URL.
package typealias ResourceName = Identifier<ResourceKindTag>
