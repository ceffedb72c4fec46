/// Says which traces are recorded: those that their caller records, and a share of those that begin here.
struct SpanSampler: Sendable {
    private let threshold: UInt64

    /// Takes a share from 0 to 1.
    init(ratio: Double) {
        let share = min(max(ratio.isNaN ? 0 : ratio, 0), 1)
        // 2⁶³ and not 2⁶⁴, so that a share of 1 fits.
        threshold = UInt64(share * 0x1p63)
    }

    /// A caller's trace goes by its flag; a new one by its number, so that all who see it decide alike.
    func records(_ trace: TraceIdentity) -> Bool {
        trace.parent == nil ? trace.low >> 1 < threshold : trace.flags & 1 == 1
    }
}
