internal import Synchronization

/// A passphrase or PIN in memory, overwritten when the last who needs it lets go; it has no description.
package final class Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: Mutex<[UInt8]>

    /// Takes the bytes over: the caller's copy is overwritten.
    package init(taking bytes: inout [UInt8]) {
        // A copy of its own: the caller's storage may be shared.
        self.bytes = Mutex(bytes.map { $0 })
        SecretFile.wipe(&bytes)
    }

    deinit { bytes.withLock { SecretFile.wipe(&$0) } }

    /// Runs `body` with the bytes, of which it keeps nothing.
    func withBytes<Answer: Sendable>(_ body: ([UInt8]) -> Answer) -> Answer {
        bytes.withLock { body($0) }
    }

    package var description: String { "a secret" }
    package var debugDescription: String { "a secret" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
