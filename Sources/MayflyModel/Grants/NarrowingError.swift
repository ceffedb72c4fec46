/// Why a request cannot be granted within its bound; an `index` counts the request's objects from 0.
///
/// It holds no text of the caller's: members and scopes are named only as they are registered.
package enum NarrowingError: Error, Equatable, Sendable {
    case malformedScope
    case tooManyScopes
    /// A scope that the resource does not register; the position is among the requested scopes in byte order.
    case scopeUnknown(position: Int)
    /// Registered scopes that were asked for and may not be given.
    case scopeTooWide(ScopeSet)
    case targetTooWide
    /// Not an object with a type, or a member whose value has the wrong shape, is out of bounds, or is an empty set.
    case detailsMalformed(index: Int, member: String?)
    case detailsUnknownType(index: Int)
    case detailsUnknownMember(index: Int)
    /// Where a complete object is due.
    case detailsMissingMember(index: Int, member: String)
    /// No member is named when the bound has no object of the type, or each of its objects refuses another member.
    case detailsTooWide(index: Int, member: String?)
    case tooManyDetails
    /// Neither a scope nor a detail is left to grant.
    case empty
    /// The grant came out wider than its bound: a fault of Mayfly's, stopped before anything was minted.
    case widened
}

extension NarrowingError {
    /// The request parameter that is at fault (RFC 6749 §3.3, RFC 8707 §2, RFC 9396 §2).
    package var parameter: String {
        switch self {
        case .malformedScope, .tooManyScopes, .scopeUnknown, .scopeTooWide, .empty: "scope"
        case .targetTooWide: "resource"
        case .detailsMalformed, .detailsUnknownType, .detailsUnknownMember, .detailsMissingMember, .detailsTooWide,
            .tooManyDetails, .widened:
            "authorization_details"
        }
    }
}

extension NarrowingError: CustomStringConvertible {
    /// Fit for an `error_description` (RFC 6749 §5.2).
    package var description: String {
        switch self {
        case .malformedScope: "scope is not a list of scope tokens with one space between them"
        case .tooManyScopes: "scope names more than \(ScopeSet.maximumCount) scopes, or is too long"
        case .scopeUnknown(let position): "scope \(position + 1), in byte order, is not one that may be asked for here"
        case .scopeTooWide(let scopes): "not allowed here: \(scopes.text)"
        case .targetTooWide: "the resource is not the one that these rights are for"
        case .detailsMalformed(let index, let member): "\(Self.place(index, member)) is malformed"
        case .detailsUnknownType(let index): "\(Self.place(index, nil)) has a type that the resource does not declare"
        case .detailsUnknownMember(let index): "\(Self.place(index, nil)) has a member that its type does not declare"
        case .detailsMissingMember(let index, let member): "\(Self.place(index, member)) is missing"
        case .detailsTooWide(let index, let member): "\(Self.place(index, member)) asks for more than is allowed"
        case .tooManyDetails: "authorization_details comes to more than \(DetailSet.maximumCount) objects"
        case .empty: "no right is left to grant"
        case .widened: "the grant would be wider than what it comes from"
        }
    }

    private static func place(_ index: Int, _ member: String?) -> String {
        "authorization_details[\(index)]" + (member.map { ".\($0)" } ?? "")
    }
}
