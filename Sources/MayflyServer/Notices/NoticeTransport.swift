package import MayflyBroker

/// Takes letters to one place.
///
/// One thread calls `deliver`, another one may call `cancel`.
package protocol NoticeTransport: Sendable {
    /// Makes one attempt, at the time `now` in seconds since 1970; returns within the given milliseconds, or soon
    /// after.
    func deliver(_ letter: NoticeDesk.Letter, at now: Int64, milliseconds: Int) -> NoticeReception

    /// Ends an attempt that is under way, and every later one, early.
    func cancel()
}

/// What a place made of a letter.
package enum NoticeReception: Equatable, Sendable {
    case taken
    /// It will never take this one, for example because it is malformed to it.
    case refused
    /// It could not be reached, or is not ready; the same is tried again.
    case failed
}
