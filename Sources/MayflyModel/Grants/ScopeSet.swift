/// The scopes of one request, grant or token; narrower means fewer.
package struct ScopeSet: Hashable, Sendable {
    /// Scopes that one request or token may name.
    package static let maximumCount = 64

    private let members: SortedSet<Scope>

    package init(_ scopes: some Sequence<Scope> = []) {
        members = SortedSet(scopes)
    }

    /// The same from an array, which is what a record gives: not generic, so compiled for what it does.
    package init(_ scopes: [Scope]) {
        members = SortedSet(scopes)
    }

    private init(members: SortedSet<Scope>) {
        self.members = members
    }

    /// Reads the wire form: scope tokens with one space between them (RFC 6749 §3.3); repeated ones collapse.
    ///
    /// The empty text is the empty set, so that `parse` reads whatever `text` writes. An endpoint treats an empty
    /// parameter as an omitted one (RFC 6749 §3.2) before it comes here.
    package static func parse(_ text: String) throws(NarrowingError) -> ScopeSet {
        guard !text.isEmpty else { return ScopeSet() }
        guard text.utf8.count <= maximumCount * (Scope.maximumBytes + 1) else { throw .tooManyScopes }
        var scopes: [Scope] = []
        for token in text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) {
            guard let scope = Scope(String(Substring(token))) else { throw .malformedScope }
            scopes.append(scope)
        }
        let set = ScopeSet(scopes)
        guard set.count <= maximumCount else { throw .tooManyScopes }
        return set
    }

    /// In the order of their bytes, each once.
    package var scopes: [Scope] { members.elements }

    /// The wire form.
    package var text: String { scopes.map(\.text).joined(separator: " ") }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }

    package func contains(_ scope: Scope) -> Bool { members.contains(scope) }
    package func isSubset(of other: ScopeSet) -> Bool { members.isSubset(of: other.members) }
    package func intersection(_ other: ScopeSet) -> ScopeSet { ScopeSet(members: members.intersection(other.members)) }

    /// The scopes that at least one of `sets` has too.
    package func intersection(ofUnion sets: [ScopeSet]) -> ScopeSet {
        ScopeSet(members: members.intersection(ofUnion: sets.lazy.map(\.members)))
    }

    package func union(_ other: ScopeSet) -> ScopeSet { ScopeSet(members: members.union(other.members)) }
    package func subtracting(_ other: ScopeSet) -> ScopeSet { ScopeSet(members: members.subtracting(other.members)) }
}
