/// Counters that fade: whole thousandths of a request, less by a fixed share with every step of time.
///
/// Whole numbers, so that the same steps give the same counts on every machine and after every restart.
enum Decay {
    /// One request.
    static let one: Int64 = 1000
    /// The most that a counter holds, a thousand million requests; more is not told apart, and nothing overflows.
    static let most: Int64 = 1_000_000_000_000
    /// Thousandths that are left after a day: half after seven days.
    static let day: Int64 = 906
    /// Thousandths that are left after a minute: half after ten minutes.
    static let minute: Int64 = 933
    /// Steps after which nothing is left of any count worth speaking of.
    static let longest: Int64 = 400

    /// What is left of `count` after so many steps.
    static func left(of count: Int64, keeping share: Int64, steps: Int64) -> Int64 {
        guard steps < longest else { return 0 }
        var (count, steps) = (count, steps)
        while steps > 0, count > 0 {
            count = count * share / 1000
            steps -= 1
        }
        return count
    }

    static func adding(_ amount: Int64, to count: Int64) -> Int64 {
        min(most, count + amount)
    }
}
