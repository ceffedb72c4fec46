/// How many lines of one kind a second may bring, and how many were left out for it.
struct LineAllowance {
    /// In one second.
    let lines: Int
    private var second: Int64 = 0
    private var written = 0
    private var leftOut: Int64 = 0

    init(lines: Int) {
        self.lines = lines
    }

    /// How many lines were left out since the last one; nil when this one is, too.
    mutating func permit(at second: Int64) -> Int64? {
        if self.second != second { (self.second, written) = (second, 0) }
        guard written < lines else {
            leftOut += 1
            return nil
        }
        written += 1
        defer { leftOut = 0 }
        return leftOut
    }
}
