/// Where the time comes from; tests pass one that they move by hand.
package protocol WallClock: Sendable {
    func now() -> Timestamp

    /// Milliseconds since some fixed moment, which no setting of the clock changes.
    func elapsed() -> Int64
}
