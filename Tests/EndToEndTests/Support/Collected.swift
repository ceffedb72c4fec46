import Dispatch
import Synchronization

/// What several threads found, and a way to wait for more of it.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    private let bell = DispatchSemaphore(value: 0)

    func add(_ element: Element) {
        elements.withLock { $0.append(element) }
        bell.signal()
    }

    var all: [Element] { elements.withLock { $0 } }

    var count: Int { elements.withLock { $0.count } }

    /// Waits until `condition` holds for what is there; for one thread at a time.
    func wait(_ what: String, seconds: Int = 30, _ condition: ([Element]) -> Bool) throws {
        let end = DispatchTime.now() + .seconds(seconds)
        while !elements.withLock({ condition($0) }) {
            guard bell.wait(timeout: end) == .success else { throw HarnessError("never came: \(what)") }
        }
    }
}
