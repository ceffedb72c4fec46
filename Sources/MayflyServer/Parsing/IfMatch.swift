/// An If-Match header (RFC 9110 §13.1.1).
package enum IfMatch: Equatable, Sendable {
    /// Tags in one header.
    package static let maximumTags = 32

    /// `*`: true when the resource exists.
    case any
    case tags([EntityTag])

    /// Reads a field value: `*` or a list of tags, at least one.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> IfMatch {
        var rest = ASCII.trimmed(bytes[...])
        if rest.elementsEqual("*".utf8) { return .any }
        var tags: [EntityTag] = []
        while true {
            rest = ASCII.trimmed(rest)
            guard let first = rest.first else { break }
            if first != UInt8(ascii: ",") {
                guard tags.count < maximumTags else { throw .tooManyEntityTags }
                tags.append(try EntityTag.takeFirst(from: &rest))
                rest = ASCII.trimmed(rest)
                guard let next = rest.first else { break }
                guard next == UInt8(ascii: ",") else { throw .invalidEntityTag }
            }
            rest.removeFirst()
        }
        guard !tags.isEmpty else { throw .invalidEntityTag }
        return .tags(tags)
    }

    /// Whether the condition holds for the resource's present tag; nil when there is no such resource.
    package func matches(_ current: EntityTag?) -> Bool {
        guard let current else { return false }
        switch self {
        case .any: return true
        case .tags(let tags): return tags.contains { $0.stronglyEquals(current) }
        }
    }
}
