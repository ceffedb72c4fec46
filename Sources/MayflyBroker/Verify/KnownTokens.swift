import MayflyCrypto
import Synchronization

/// Tokens whose signature is known to be good, by the SHA-256 of their exact bytes, bounded in number.
///
/// Two generations: when the young one is full it becomes the old one, and the old one's rest is forgotten.
/// Revocation never looks here, so nothing can be hidden by spelling a token in another way.
final class KnownTokens: Sendable {
    struct Entry: Sendable {
        let kind: TokenKind
        let keyID: String
        let claims: TokenClaims
    }

    /// Tokens of one generation.
    static let capacity = 8192

    fileprivate struct Generations {
        var young: [SHA256Digest: Entry] = [:]
        var old: [SHA256Digest: Entry] = [:]
    }

    private let generations = Mutex(Generations())

    subscript(digest: SHA256Digest) -> Entry? {
        generations.withLock { generations in
            if let entry = generations.young[digest] { return entry }
            guard let entry = generations.old[digest] else { return nil }
            generations.insert(entry, for: digest)
            return entry
        }
    }

    func insert(_ entry: Entry, for digest: SHA256Digest) {
        generations.withLock { $0.insert(entry, for: digest) }
    }
}

extension KnownTokens.Generations {
    fileprivate mutating func insert(_ entry: KnownTokens.Entry, for digest: SHA256Digest) {
        if young.count >= KnownTokens.capacity {
            old = young
            young = [:]
        }
        young[digest] = entry
    }
}
