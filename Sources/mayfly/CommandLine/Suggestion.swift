/// Finds what a person may have meant.
enum Suggestion {
    /// The candidate that differs least from `text`, if it differs little.
    static func nearest(to text: String, among candidates: [String]) -> String? {
        let ranked = candidates.map { ($0, distance(text, $0)) }.min { $0.1 < $1.1 }
        guard let (candidate, distance) = ranked, distance <= max(2, text.utf8.count / 4) else { return nil }
        return candidate
    }

    /// Whether `text` is short and made of what options are made of.
    static func isPlainOption(_ text: String) -> Bool {
        text.utf8.count <= 32 && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-") }
    }

    /// Insertions, deletions and substitutions of one byte; text past 64 bytes is not looked at.
    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8.prefix(64))
        let right = Array(right.utf8.prefix(64))
        var row = Array(0...right.count)
        for (i, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(diagonal + (byte == other ? 0 : 1), above + 1, row[j] + 1)
                diagonal = above
            }
        }
        return row[right.count]
    }
}
