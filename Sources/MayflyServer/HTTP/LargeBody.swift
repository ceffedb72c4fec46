internal import Synchronization

/// What a handler says to a request whose head announces a body past `HTTPLimits.maximumBody`.
package enum LargeBody: Sendable {
    /// No such body is taken there.
    case tooLarge
    /// This request gets no further; the connection ends with the reply, before any of the body is read.
    case refused(HTTPReply)
    /// The body is read; the place is held until the request is over.
    case granted(LargeBodyPlace)
}

/// The places for large bodies, so that few are in memory at a time.
package final class LargeBodyPlaces: Sendable {
    private let free: Mutex<Int>

    package init(_ count: Int) {
        free = Mutex(count)
    }

    /// A place; nil when all are taken.
    package func take() -> LargeBodyPlace? {
        let isFree = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        return isFree ? LargeBodyPlace(self) : nil
    }

    fileprivate func giveBack() {
        free.withLock { $0 += 1 }
    }
}

/// One place, given back when the last reference to it goes.
package final class LargeBodyPlace: Sendable {
    private let places: LargeBodyPlaces

    fileprivate init(_ places: LargeBodyPlaces) {
        self.places = places
    }

    deinit { places.giveBack() }
}
