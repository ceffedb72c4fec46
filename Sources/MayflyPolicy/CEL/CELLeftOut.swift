/// What other implementations of the language have and this one leaves out.
package enum CELLeftOut: Equatable, Sendable, CaseIterable {
    case matches
    case typeFunction
    case dynFunction
    case timeZones
    case messages
    case optionals
    case quotedNames
    case leadingDot
}

extension CELLeftOut: CustomStringConvertible {
    package var description: String {
        switch self {
        case .matches: "matches is left out; use startsWith, endsWith, contains or =="
        case .typeFunction: "type() is left out; variables have declared types"
        case .dynFunction: "dyn() is left out; variables have declared types"
        case .timeZones: "time zones are left out; times are in UTC, so leave the argument out"
        case .messages: "message literals are left out; use a map"
        case .optionals: "optional syntax is left out; use has() and ?:"
        case .quotedNames: "names in backticks are left out; use an index such as a[\"b-c\"]"
        case .leadingDot: "a leading dot is left out; rename the element of the comprehension"
        }
    }
}
