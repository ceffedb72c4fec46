internal import Synchronization

/// A flag that one thread sets to end what another one has under way.
final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    var isOn: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
