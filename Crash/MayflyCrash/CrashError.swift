/// Why the harness itself cannot go on; a promise that the broker broke goes to the `Report`.
struct CrashError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Why a lane ended before it was told to.
enum Stop: Error {
    /// An answer did not come: the broker was killed.
    case cut
    /// A promise was broken; the report has it.
    case broken
}
