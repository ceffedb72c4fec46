import MayflyCrypto
package import MayflyModel

/// What an agent is made of, by digests: its registration says so, and each of its token requests must say the same.
///
/// A reference that never changes: most agents have none, and a table of many holds eight bytes for each.
package final class Composition: Hashable, Sendable {
    /// The parts, in the order in which the combined digest takes them.
    package enum Part: String, CaseIterable, Sendable {
        case model
        case prompt
        /// The manifest of the tools that it may call.
        case tools
        /// The image that it runs from; an OCI digest as it is.
        case image
    }

    /// What the digested text begins with, so that no other digest can be taken for one of these.
    package static let head = "mayfly composition v1"

    /// Those that are named, in order; never empty.
    package let parts: [(part: Part, digest: CompositionDigest)]
    /// One for all of them: the SHA-256 of `text`.
    package let digest: CompositionDigest

    /// Nil when no part is named.
    package init?(_ digests: [Part: CompositionDigest]) {
        parts = Part.allCases.compactMap { part in digests[part].map { (part, $0) } }
        guard !parts.isEmpty else { return nil }
        digest = CompositionDigest(SHA256.digest(of: Array(Self.text(of: parts).utf8)))
    }

    /// Exactly what is digested: the head, and then a line for each named part, each with a newline at its end.
    package var text: String { Self.text(of: parts) }

    private static func text(of parts: [(part: Part, digest: CompositionDigest)]) -> String {
        head + "\n" + parts.map { "\($0.part.rawValue) \($0.digest.text)\n" }.joined()
    }

    package static func == (left: Composition, right: Composition) -> Bool { left.digest == right.digest }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }

    // MARK: JSON

    package var json: JSONObject {
        var object = JSONObject()
        for (part, digest) in parts { object[part.rawValue] = .string(digest.text) }
        return object
    }

    /// Takes the member `composition`, which most records do not have.
    static func read(in fields: inout FieldReader) throws(FieldError) -> Composition? {
        guard var object = try fields.object("composition") else { return nil }
        var digests: [Part: CompositionDigest] = [:]
        for part in Part.allCases {
            digests[part] = try CompositionDigest.read(part.rawValue, in: &object)
        }
        try object.finish()
        guard let composition = Composition(digests) else {
            let names = Part.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.failure("composition", .invalid(rule: "at least one of \(names)"))
        }
        return composition
    }
}
