/// A type of authorization detail as a resource declares it: every member that its objects have (RFC 9396 §2, §5).
package struct DetailSchema: Hashable, Sendable {
    package static let maximumMembers = 32
    package static let maximumTypeBytes = 64

    package let type: String
    /// Sorted by name.
    package let members: [DetailMember]

    /// Takes a type name in the characters of a URI, other than that of limits, and 1 to `maximumMembers` members of
    /// different names.
    package init(type: String, members: some Sequence<DetailMember>) throws(DetailSchemaError) {
        guard !type.isEmpty, type.utf8.count <= Self.maximumTypeBytes, type.utf8.allSatisfy(ResourceURL.isURIByte)
        else { throw .malformedType }
        guard !JSONObject.same(type, Limits.type) else { throw .reservedType }
        let sorted = members.sorted { $0.name < $1.name }
        guard !sorted.isEmpty else { throw .noMembers }
        guard sorted.count <= Self.maximumMembers else { throw .tooManyMembers }
        for (member, next) in zip(sorted, sorted.dropFirst()) where member.name == next.name {
            throw .duplicateMember(member.name)
        }
        self.type = type
        self.members = sorted
    }

    package func member(named name: String) -> DetailMember? {
        members.first { JSONObject.same($0.name, name) }
    }
}

/// Why a type of authorization detail cannot be declared.
package enum DetailSchemaError: Error, Equatable, Sendable {
    case malformedType
    /// The name of the object that holds a token's limits.
    case reservedType
    case noMembers
    case tooManyMembers
    case duplicateMember(String)
}

extension DetailSchemaError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedType: "a detail type is 1 to \(DetailSchema.maximumTypeBytes) characters of a URI"
        case .reservedType: "the detail type \(Limits.type) is Mayfly's own"
        case .noMembers: "a detail type declares at least one member"
        case .tooManyMembers: "a detail type declares at most \(DetailSchema.maximumMembers) members"
        case .duplicateMember(let name): "the member \(name) is declared twice"
        }
    }
}
