/// How two values of a detail's member compare: which of them is the narrower.
package enum MemberOrder: String, CaseIterable, Sendable {
    /// A set of texts; narrower is a subset.
    case set
    /// Only the same value fits.
    case exact
    /// An upper limit; narrower is lower.
    case max
    /// A lower limit; narrower is higher.
    case min
    /// A place in a tree, such as `/invoices/2026`; narrower is deeper, segment by segment.
    case path
    /// A restriction such as `read_only`; true is narrower than false.
    case flag
}

/// What kind of value a detail's member holds.
package enum MemberUnit: String, CaseIterable, Sendable {
    case text
    case integer
    case decimal
    case money
}

/// One member that a type of authorization detail declares: its name, its order and its unit.
package struct DetailMember: Hashable, Sendable {
    package static let maximumNameLength = 63

    package let name: String
    package let order: MemberOrder
    /// Nil for a flag, which has none.
    package let unit: MemberUnit?

    /// Takes a name of the form `[a-z][a-z0-9_]*` other than `type`, and a unit that goes with the order:
    /// `exact` text or integer; `max` and `min` integer, decimal or money; `set` and `path` text, which may be left
    /// out; `flag` none.
    package init?(name: String, order: MemberOrder, unit: MemberUnit? = nil) {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = name.utf8.first, letters.contains(first), name != "type" else { return nil }
        guard name.utf8.count <= Self.maximumNameLength else { return nil }
        let isName = name.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_") }
        guard isName else { return nil }
        switch (order, unit) {
        case (.set, nil), (.path, nil): self.unit = .text
        case (.set, .text), (.path, .text), (.flag, nil): self.unit = unit
        case (.exact, .text), (.exact, .integer): self.unit = unit
        case (.max, .integer), (.max, .decimal), (.max, .money): self.unit = unit
        case (.min, .integer), (.min, .decimal), (.min, .money): self.unit = unit
        default: return nil
        }
        self.name = name
        self.order = order
    }
}
