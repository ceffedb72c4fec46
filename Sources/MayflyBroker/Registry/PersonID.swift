package import MayflyModel

/// A person as a provider knows them: `person:`, the provider's name, and the subject of its tokens.
///
/// The prefix keeps a person's name apart from every client's, whatever a provider calls its people (RFC 9068 §5), and
/// the provider's name keeps the people of two providers apart.
package struct PersonID: Hashable, Sendable {
    package static let prefix = "person:"
    /// Bytes of a subject (OpenID Connect Core §2).
    package static let maximumSubjectLength = 255

    package let provider: ProviderID
    package let text: String

    /// Nil for a subject that is empty, too long, or not visible ASCII, so that it has one spelling everywhere.
    package init?(provider: ProviderID, subject: String) {
        guard (1...Self.maximumSubjectLength).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.provider = provider
        text = "\(Self.prefix)\(provider.name):\(subject)"
    }

    /// Takes the whole text, prefix included.
    package init?(_ text: String) {
        guard text.utf8.starts(with: Self.prefix.utf8) else { return nil }
        // A provider's name holds no colon, so the first one ends it; a subject may hold more.
        let rest = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            let provider = ProviderID(ProviderKindTag.prefix + String(decoding: rest[..<colon], as: UTF8.self))
        else { return nil }
        self.init(
            provider: provider, subject: String(decoding: rest[rest.index(after: colon)...], as: UTF8.self))
    }
}
