/// The union of complete authorization details, in canonical form: none within another, and in a fixed order.
///
/// Two sets that allow the same are therefore equal, and written with the same bytes.
package struct DetailSet: Hashable, Sendable {
    /// Objects of one request, grant or token.
    package static let maximumCount = 32

    package static let empty = DetailSet(canonical: [])

    package let details: [AuthorizationDetail]

    private init(canonical details: [AuthorizationDetail]) {
        self.details = details
    }

    /// Drops objects that lie within another one; throws when more than `maximumCount` remain or one is partial.
    package init(_ details: some Sequence<AuthorizationDetail>) throws(NarrowingError) {
        var candidates: [(breadth: [Int64], detail: AuthorizationDetail)] = []
        for detail in details {
            guard detail.isComplete else { throw .detailsMalformed(index: candidates.count, member: nil) }
            candidates.append((detail.breadth, detail))
        }
        guard !candidates.isEmpty else {
            self = .empty
            return
        }
        // Broadest first: none is within a later one, so what is kept stays kept, and one too many can end the work.
        candidates.sort { $1.breadth.lexicographicallyPrecedes($0.breadth) }
        var maximal: [AuthorizationDetail] = []
        for (_, detail) in candidates where !maximal.contains(where: { detail.isWithin($0) }) {
            guard maximal.count < Self.maximumCount else { throw .tooManyDetails }
            maximal.append(detail)
        }
        let keyed = maximal.map { (key: JSONWriter.bytes(of: $0.json), detail: $0) }
        self.details = keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.detail)
    }

    /// Reads complete objects, as a ceiling or a token states them.
    package static func parse(_ json: [JSONValue], schemas: [DetailSchema]) throws(NarrowingError) -> DetailSet {
        guard json.count <= maximumCount else { throw .tooManyDetails }
        var details: [AuthorizationDetail] = []
        for (index, object) in json.enumerated() {
            details.append(
                try AuthorizationDetail.parse(object, schemas: schemas, completeness: .complete, index: index))
        }
        return try DetailSet(details)
    }

    package var isEmpty: Bool { details.isEmpty }
    package var count: Int { details.count }

    /// The value of `authorization_details`.
    package var json: JSONValue { .array(details.map(\.json)) }

    /// Whether every object lies within one object of `other` (`self ⊑ other`); never within several together.
    package func isWithin(_ other: DetailSet) -> Bool {
        details.allSatisfy { detail in other.details.contains { detail.isWithin($0) } }
    }

    /// The most that both sets allow (`self ∧ other`); throws when that takes more than `maximumCount` objects.
    package func meet(_ other: DetailSet) throws(NarrowingError) -> DetailSet {
        try DetailSet(details.flatMap { detail in other.details.compactMap { detail.meet($0) } })
    }

    /// What either set allows; throws when that takes more than `maximumCount` objects.
    package func union(_ other: DetailSet) throws(NarrowingError) -> DetailSet {
        try DetailSet(details + other.details)
    }
}
