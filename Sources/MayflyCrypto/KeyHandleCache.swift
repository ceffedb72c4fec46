internal import Synchronization

/// OpenSSL's forms of the registered keys that were used last, bounded in number and shared by all threads.
///
/// Two generations: when the young one is full it becomes the old one, and what the old one still held is freed. Found
/// by thumbprint, which is a SHA-256 over the key's own numbers, so that no key is ever answered for another.
package final class KeyHandleCache: Sendable {
    /// Keys of one generation; with some 4 KB a key, both take 16 MB at most.
    package static let capacity = 2048
    package static let shared = KeyHandleCache()

    private struct Generations {
        var young: [String: ParsedKey] = [:]
        var old: [String: ParsedKey] = [:]
    }

    private let capacity: Int
    private let generations = Mutex(Generations())

    package init(capacity: Int = KeyHandleCache.capacity) {
        self.capacity = capacity
    }

    /// How many keys are held.
    package var count: Int { generations.withLock { $0.young.count + $0.old.count } }

    /// The parsed form of `key`; nil, and nothing is kept, when OpenSSL refuses its numbers.
    func parsed(_ key: PublicKey) -> ParsedKey? {
        let found = generations.withLock { generations -> ParsedKey? in
            if let parsed = generations.young[key.thumbprint] { return parsed }
            guard let parsed = generations.old.removeValue(forKey: key.thumbprint) else { return nil }
            Self.insert(parsed, for: key.thumbprint, into: &generations, capacity)
            return parsed
        }
        if let found { return found }
        // Outside the lock. Two threads may parse the same key at once: either form is good.
        do {
            let parsed = ParsedKey(try key.material.makeHandle(), for: .verifying)
            generations.withLock { Self.insert(parsed, for: key.thumbprint, into: &$0, capacity) }
            return parsed
        } catch {
            return nil
        }
    }

    private static func insert(
        _ parsed: ParsedKey, for thumbprint: String, into generations: inout Generations, _ capacity: Int
    ) {
        if generations.young.count >= capacity {
            generations.old = generations.young
            generations.young = [:]
        }
        generations.young[thumbprint] = parsed
    }
}
