/// Where the time comes from; tests pass one that they move by hand.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}
