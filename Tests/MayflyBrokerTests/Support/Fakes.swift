internal import Dispatch
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import MayflyStorage
internal import Synchronization

/// A clock that stands still until a test moves it.
final class TestClock: WallClock {
    private struct State {
        var wall = Timestamp(seconds: 1_800_000_000)
        var steady: Int64 = 0
    }

    private let state = Mutex(State())

    func now() -> Timestamp { state.withLock { $0.wall } }
    func elapsed() -> Int64 { state.withLock { $0.steady } }

    /// Lets time pass.
    func advance(_ seconds: Int64) {
        state.withLock {
            $0.wall = $0.wall.advanced(bySeconds: seconds)
            $0.steady += seconds * 1000
        }
    }

    /// Sets the wall clock while no time passes.
    func step(_ seconds: Int64) {
        state.withLock { $0.wall = $0.wall.advanced(bySeconds: seconds) }
    }
}

/// Signing keys in memory.
///
/// RSA keys are made once for all tests, because making one is slow.
final class MemoryVault: KeyVault {
    private static let rsa: [PrivateKey] = (0..<4).compactMap { _ in try? PrivateKey.generate(.rs256) }

    private struct State {
        var keys: [String: PrivateKey] = [:]
        var spare = MemoryVault.rsa
    }

    private let state = Mutex(State())

    func create(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> PrivateKey {
        let spare = algorithm == .rs256 ? state.withLock { $0.spare.popLast() } : nil
        let key = if let spare { spare } else { try PrivateKey.generate(algorithm) }
        state.withLock { $0.keys[key.publicKey.thumbprint] = key }
        return key
    }

    /// Puts a key where a crash may have left it.
    func keep(_ key: PrivateKey) {
        state.withLock { $0.keys[key.publicKey.thumbprint] = key }
    }

    func load(_ keyID: String) throws(CryptoError) -> PrivateKey {
        guard let key = state.withLock({ $0.keys[keyID] }) else { throw .invalidKey }
        return key
    }

    func remove(_ keyID: String) {
        state.withLock { $0.keys[keyID] = nil }
    }
}

/// A memory store that can be told to fail, and whose commits can be held back.
final class TestStore: ForwardingStore {
    let inner = MemoryStore()
    private let isHeld = Mutex(false)
    private let lost = Mutex<StoreError?>(nil)
    private let beside = Mutex<(@Sendable () -> Void)?>(nil)
    private let arrived = DispatchSemaphore(value: 0)
    private let released = DispatchSemaphore(value: 0)

    /// Holds the next commit until `release`.
    func hold() { isHeld.withLock { $0 = true } }

    /// Waits until the held commit has come.
    func awaitHeld() { arrived.wait() }

    func release() { released.signal() }

    func fail(_ error: StoreError?) { inner.failWrites(with: error) }

    /// Lets every commit be kept and yet fail with `error`, as when the answer of a database is lost.
    func loseAnswers(with error: StoreError?) { lost.withLock { $0 = error } }

    /// Has `body` done once, between the next look at the head and the answer to it.
    func besideTheNextLook(_ body: @escaping @Sendable () -> Void) { beside.withLock { $0 = body } }

    func head() throws(StoreError) -> StoreHead {
        let head = try inner.head()
        beside.withLock { $0.take() }?()
        return head
    }

    func commit(_ batch: Batch) throws(StoreError) {
        let waits = isHeld.withLock { held -> Bool in
            defer { held = false }
            return held
        }
        if waits {
            arrived.signal()
            released.wait()
        }
        try inner.commit(batch)
        if let error = lost.withLock({ $0 }) { throw error }
    }
}

struct SilentLog: BrokerLog {
    func note(_ notice: BrokerNotice) {}
}

/// SplitMix64: the same seed gives the same numbers.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
