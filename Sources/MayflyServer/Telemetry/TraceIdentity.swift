import Synchronization

/// The trace that a request belongs to: its caller's, or a new one.
struct TraceIdentity: Equatable, Sendable {
    let high: UInt64
    let low: UInt64
    /// The caller's span; nil when a trace begins here.
    let parent: UInt64?
    let flags: UInt8

    init(_ parent: TraceParent) {
        (high, low) = (parent.traceHigh, parent.traceLow)
        self.parent = parent.parent
        flags = parent.flags
    }

    /// A new trace, not sampled until somebody says so.
    init(_ identifiers: SpanIdentifiers) {
        (high, low) = (identifiers.next(), identifiers.next())
        parent = nil
        flags = 0
    }

    var text: String { Hexadecimal.text(high) + Hexadecimal.text(low) }
}

/// Numbers for traces and spans: never zero, spread evenly, and different from each other within a process.
///
/// SplitMix64 from a random seed. They are no secret and authorize nothing; a trace that a token carries comes from the
/// generator for private values instead.
final class SpanIdentifiers: Sendable {
    private let state: Atomic<UInt64>

    init(seed: UInt64 = UInt64.random(in: 0...UInt64.max)) {
        state = Atomic(seed)
    }

    func next() -> UInt64 {
        var mixed = state.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return mixed == 0 ? 1 : mixed
    }
}

/// Sixteen lower-case digits, and back.
enum Hexadecimal {
    static func text(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// At most 16 lower-case digits; nil for anything else.
    static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard digits.count <= 16 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) || (0x61...0x66).contains(digit) else { return nil }
            number = number << 4 | UInt64(digit <= 0x39 ? digit - 0x30 : digit - 0x57)
        }
        return number
    }
}
