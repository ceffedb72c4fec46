internal import CP11Kit
internal import Synchronization

/// A PKCS#11 token that somebody is logged in to: makes keys, finds them, and signs with them, from any thread.
///
/// Each call has a session to itself, from a pool. What may come of a token that was taken out and put back is tried
/// once more with everything found anew; a PIN that was refused is never tried again.
package final class PKCS11Token: Sendable {
    /// Sessions that wait for the next call; more are closed.
    private static let maximumIdle = 16
    private static let alreadyLoggedIn: UInt = 0x100

    private struct State {
        /// Moves when everything that was found is to be found anew.
        var generation: UInt64 = 0
        var slot: UInt?
        var idle: [UInt] = []
    }

    /// A session, and the generation that it belongs to.
    struct Session {
        let handle: UInt
        let generation: UInt64
    }

    private struct Login {
        /// The generation for which the token has taken the PIN.
        var generation: UInt64?
        var refusal: PKCS11Error?
    }

    let label: String
    let module: PKCS11Module
    private let pin: Secret
    private let state = Mutex(State())
    private let login = Mutex(Login())

    /// Opens the token with this label and logs in.
    package init(module path: String, token label: String, pin: Secret) throws(CryptoError) {
        self.label = label
        self.pin = pin
        do throws(PKCS11Error) {
            module = try PKCS11Module(path: path)
            try use { (_, _) throws(PKCS11Error) in }
        } catch {
            throw .pkcs11(error)
        }
    }

    deinit {
        for session in state.withLock({ $0.idle }) { _ = unsafe mayfly_p11_close(module.functions, session) }
    }

    /// Runs `body` with a session that nobody else uses; `writes` for changing what the token holds.
    func use<Answer>(
        writes: Bool = false, _ body: (PKCS11Module, Session) throws(PKCS11Error) -> Answer
    ) throws(PKCS11Error) -> Answer {
        let generation = state.withLock { $0.generation }
        do {
            return try attempt(writes, body)
        } catch {
            guard error.mayBeStale else { throw error }
        }
        forget(generation)
        return try attempt(writes, body)
    }

    private func attempt<Answer>(
        _ writes: Bool, _ body: (PKCS11Module, Session) throws(PKCS11Error) -> Answer
    ) throws(PKCS11Error) -> Answer {
        let session = try take(writes)
        do {
            try logIn(session)
            let answer = try body(module, session)
            put(back: session, writes)
            return answer
        } catch {
            // What was begun in it may not be over.
            _ = unsafe mayfly_p11_close(module.functions, session.handle)
            throw error
        }
    }

    private func take(_ writes: Bool) throws(PKCS11Error) -> Session {
        let (generation, known, idle) = state.withLock { state in
            (state.generation, state.slot, writes ? nil : state.idle.popLast())
        }
        if let idle { return Session(handle: idle, generation: generation) }
        let slot = if let known { known } else { try module.slot(labelled: label) }
        var handle: UInt = 0
        try PKCS11Module.check(unsafe mayfly_p11_open(module.functions, slot, writes ? 1 : 0, &handle))
        state.withLock { if $0.generation == generation { $0.slot = slot } }
        return Session(handle: handle, generation: generation)
    }

    private func put(back session: Session, _ writes: Bool) {
        let isKept = state.withLock { state in
            guard !writes, state.generation == session.generation, state.idle.count < Self.maximumIdle else {
                return false
            }
            state.idle.append(session.handle)
            return true
        }
        if !isKept { _ = unsafe mayfly_p11_close(module.functions, session.handle) }
    }

    /// Has everything of `generation` found anew.
    private func forget(_ generation: UInt64) {
        let idle = state.withLock { state -> [UInt] in
            guard state.generation == generation else { return [] }
            defer { state = State(generation: generation + 1) }
            return state.idle
        }
        for handle in idle { _ = unsafe mayfly_p11_close(module.functions, handle) }
    }

    /// Logs in once for each generation.
    ///
    /// The call is made under the lock: a wrong PIN must cost one try, however many threads come at once, because a
    /// token locks itself after a few.
    private func logIn(_ session: Session) throws(PKCS11Error) {
        try login.withLock { (login) throws(PKCS11Error) in
            if login.refusal != nil { throw .pinRefusedBefore }
            guard login.generation != session.generation else { return }
            let status = pin.withBytes { bytes in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    unsafe mayfly_p11_login(module.functions, session.handle, bytes.baseAddress, UInt(bytes.count))
                }
            }
            guard status == 0 || status == Self.alreadyLoggedIn else {
                let error = PKCS11Error(code: status)
                if error == .pinWrong || error == .pinLocked { login.refusal = error }
                throw error
            }
            login.generation = session.generation
        }
    }
}
