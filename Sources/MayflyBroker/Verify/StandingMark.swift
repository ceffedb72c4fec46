import MayflyModel
import Synchronization

/// Remembers that a token was found alive: at which version of the state, and until when that can hold by itself.
///
/// Both stand in one word, so they are always read together: the version's low 32 bits, and whole seconds since 1970.
/// A token lives an hour at most, in which the version cannot come round.
struct StandingMark: ~Copyable {
    /// No version and no time: nothing is known.
    private let word = Atomic<UInt64>(0)

    /// Whether the token was found alive at exactly this version and that finding still holds at `now`.
    func holds(at version: UInt64, _ now: Timestamp) -> Bool {
        let word = word.load(ordering: .acquiring)
        guard word != 0, UInt32(truncatingIfNeeded: word) == UInt32(truncatingIfNeeded: version) else { return false }
        return now.seconds < Int64(word >> 32)
    }

    /// Notes a finding that `version`, read before the state was looked at, cannot be newer than.
    func note(version: UInt64, until end: Timestamp) {
        let seconds = UInt64(clamping: min(end.seconds, Int64(UInt32.max)))
        word.store(seconds << 32 | UInt64(UInt32(truncatingIfNeeded: version)), ordering: .releasing)
    }
}
