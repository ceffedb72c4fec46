internal import CLibPQ
internal import Glibc
internal import MayflyBroker

/// One connection to a PostgreSQL server, always in libpq's pipeline mode; closed when the last reference ends.
///
/// "One thread restriction is that no two threads attempt to manipulate the same PGconn object at the same time"
/// (libpq's manual, 34.20): whoever owns a connection keeps it behind one lock. No call waits without a limit.
@safe final class PostgresConnection {
    /// Seconds for each host of the URL, within which a connection stands or is given up; libpq takes no less.
    static let connectTimeout = 2
    /// What a reader waits for the next byte of an answer.
    static let patience = Duration.seconds(5)

    private let handle: OpaquePointer
    /// Set once nothing more can be asked here.
    ///
    /// What was under way then may have been done or not.
    private(set) var isLost = false

    /// Connects within `connectTimeout`, as the program `name`.
    init(_ place: PostgresPlace, name: String) throws(StoreError) {
        guard PQisthreadsafe() == 1 else { throw .cannotOpen(code: -Int(ENOTSUP)) }
        var settings = [
            // Before the URL, which may say otherwise.
            ("target_session_attrs", "read-write"), ("keepalives_idle", "10"), ("keepalives_interval", "3"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "5000"),
            ("dbname", place.url),
            // After the URL, which may not.
            ("connect_timeout", "\(Self.connectTimeout)"), ("application_name", name), ("client_encoding", "UTF8"),
        ]
        if let password = try place.password() { settings.append(("password", password)) }
        let names = CStrings(settings.map(\.0))
        let values = CStrings(settings.map(\.1))
        let opened = unsafe PQconnectdbParams(names.pointers, values.pointers, 1)
        guard let handle = unsafe opened else { throw .cannotOpen(code: -Int(ENOMEM)) }
        guard unsafe PQstatus(handle) == CONNECTION_OK, unsafe PQsetnonblocking(handle, 1) == 0,
            unsafe PQenterPipelineMode(handle) == 1
        else {
            place.report(unsafe Self.message(handle))
            unsafe PQfinish(handle)
            throw .cannotOpen(code: -Int(ECONNREFUSED))
        }
        unsafe mayfly_pq_silence(handle)
        unsafe self.handle = handle
    }

    deinit {
        unsafe PQfinish(handle)
    }

    /// Why there is no connection, on one line of at most 400 bytes.
    private static func message(_ handle: OpaquePointer) -> String {
        guard let text = unsafe PQerrorMessage(handle) else { return "the database cannot be reached" }
        let bytes = unsafe String(cString: text).utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }
        return "the database cannot be reached: "
            + String(decoding: bytes.prefix(400), as: UTF8.self).split(separator: " ").joined(separator: " ")
    }

    /// Prepares `statements`.
    func prepare(_ statements: [PostgresStatement], by deadline: ContinuousClock.Instant) throws(StoreError) {
        for statement in statements {
            let types = statement.types
            let sent = unsafe types.withUnsafeBufferPointer {
                unsafe PQsendPrepare(handle, statement.name, statement.sql, Int32(types.count), $0.baseAddress)
            }
            guard sent == 1 else { throw lost() }
        }
        _ = try finish(statements.count, by: deadline)
    }

    /// Runs SQL of fixed text that is needed once, each with no values.
    @discardableResult
    func execute(_ statements: [String], by deadline: ContinuousClock.Instant) throws(StoreError) -> [PostgresResult] {
        for sql in statements {
            let sent = unsafe PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 1)
            guard sent == 1 else { throw lost() }
        }
        return try finish(statements.count, by: deadline)
    }

    /// Runs `steps` in one round trip; what each answered, when all went well.
    ///
    /// After an error no further step was run, and a transaction that was open is rolled back; unless the connection
    /// `isLost`, when nobody knows.
    @discardableResult
    func run(_ steps: [PostgresStep], by deadline: ContinuousClock.Instant) throws(StoreError) -> [PostgresResult] {
        for step in steps { try send(step) }
        return try finish(steps.count, by: deadline)
    }

    /// Runs `step` and hands each row to `body` as it comes, in a result of its own.
    ///
    /// When `body` throws, the rest is not read, and the connection is lost.
    func forEachRow(
        _ step: PostgresStep, patience: Duration = patience, _ body: (PostgresResult) throws(StoreError) -> Void
    ) throws(StoreError) {
        try send(step)
        guard unsafe PQpipelineSync(handle) == 1 else { throw lost() }
        try flush(by: .now + patience)
        // In pipeline mode the mode of a query is chosen before its first result is asked for.
        guard unsafe PQsetSingleRowMode(handle) == 1 else { throw lost() }
        while let result = try next(by: .now + patience) {
            switch result.status {
            case PGRES_SINGLE_TUPLE:
                do throws(StoreError) {
                    try body(result)
                } catch {
                    isLost = true
                    throw error
                }
            case PGRES_TUPLES_OK: continue
            default:
                isLost = true
                throw result.sqlState.map { StoreError(sqlState: $0) } ?? .lostConnection
            }
        }
        guard let sync = try next(by: .now + patience), sync.status == PGRES_PIPELINE_SYNC else { throw lost() }
    }

    private func send(_ step: PostgresStep) throws(StoreError) {
        guard let arguments = PostgresArguments(step.values) else {
            isLost = true
            throw .invalid
        }
        let formats = [Int32](repeating: 1, count: step.values.count)
        let sent = unsafe arguments.bytes.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = unsafe arguments.offsets.map { unsafe $0 < 0 ? nil : start?.advanced(by: $0) }
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                unsafe arguments.lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe PQsendQueryPrepared(
                            handle, step.statement.name, Int32(step.values.count), pointers.baseAddress,
                            lengths.baseAddress, formats.baseAddress, 1)
                    }
                }
            }
        }
        guard sent == 1 else { throw lost() }
    }

    /// Ends the round trip and collects what each of `count` statements answered.
    private func finish(_ count: Int, by deadline: ContinuousClock.Instant) throws(StoreError) -> [PostgresResult] {
        guard unsafe PQpipelineSync(handle) == 1 else { throw lost() }
        try flush(by: deadline)
        var results: [PostgresResult] = []
        results.reserveCapacity(count)
        var failure: StoreError?
        for _ in 0..<count {
            while let result = try next(by: deadline) {
                switch result.status {
                case PGRES_COMMAND_OK, PGRES_TUPLES_OK: results.append(result)
                case PGRES_PIPELINE_ABORTED: continue
                default:
                    let state = result.sqlState
                    guard let state, !StoreError.endsConnection(sqlState: state) else { throw lost() }
                    failure = failure ?? StoreError(sqlState: state)
                }
            }
        }
        guard let sync = try next(by: deadline), sync.status == PGRES_PIPELINE_SYNC else { throw lost() }
        if let failure {
            try rollBack(by: deadline)
            throw failure
        }
        guard results.count == count else { throw lost() }
        return results
    }

    /// Leaves a transaction that failed.
    private func rollBack(by deadline: ContinuousClock.Instant) throws(StoreError) {
        guard unsafe PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
        try execute(["ROLLBACK"], by: deadline)
    }

    /// The next result; nil at the end of a statement's results.
    private func next(by deadline: ContinuousClock.Instant) throws(StoreError) -> PostgresResult? {
        while unsafe PQisBusy(handle) == 1 {
            try wait(Int16(POLLIN), by: deadline)
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
        }
        guard let result = unsafe PQgetResult(handle) else { return nil }
        return unsafe PostgresResult(result)
    }

    /// Waits until somebody says something on a channel that this connection listens on, `bell` rings, or the time is
    /// over; answers what was said.
    func listen(milliseconds: Int64, until bell: Bell) throws(StoreError) -> [String] {
        var said = takeNotifications()
        guard said.isEmpty else { return said }
        var entries = [
            pollfd(fd: unsafe PQsocket(handle), events: Int16(POLLIN), revents: 0),
            pollfd(fd: bell.handle, events: Int16(POLLIN), revents: 0),
        ]
        let ready = unsafe poll(&entries, 2, Int32(clamping: max(0, milliseconds)))
        guard ready >= 0 || errno == EINTR else { throw lost() }
        if entries[1].revents != 0 { bell.answer() }
        if entries[0].revents != 0 {
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
            said = takeNotifications()
        }
        return said
    }

    private func takeNotifications() -> [String] {
        var said: [String] = []
        while let notice = unsafe PQnotifies(handle) {
            if let text = unsafe notice.pointee.extra { said.append(unsafe String(cString: text)) }
            unsafe PQfreemem(notice)
        }
        return said
    }

    /// Sends what is queued, and takes in what comes meanwhile: the server may wait for that.
    private func flush(by deadline: ContinuousClock.Instant) throws(StoreError) {
        while true {
            let left = unsafe PQflush(handle)
            guard left >= 0 else { throw lost() }
            if left == 0 { return }
            if try wait(Int16(POLLIN | POLLOUT), by: deadline) & Int16(POLLIN) != 0 {
                guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
            }
        }
    }

    @discardableResult
    private func wait(_ events: Int16, by deadline: ContinuousClock.Instant) throws(StoreError) -> Int16 {
        while true {
            let (seconds, attoseconds) = (deadline - .now).components
            let left = seconds < 0 ? 0 : min(seconds, 3600) * 1000 + attoseconds / 1_000_000_000_000_000
            guard left > 0 else {
                isLost = true
                throw .noAnswer
            }
            var entry = pollfd(fd: unsafe PQsocket(handle), events: events, revents: 0)
            let ready = unsafe poll(&entry, 1, Int32(clamping: left))
            if ready > 0 { return entry.revents }
            guard ready == 0 || errno == EINTR else { throw lost() }
        }
    }

    private func lost() -> StoreError {
        isLost = true
        return .lostConnection
    }
}

/// Texts as an array of C strings that ends with null; freed when this value ends.
@safe struct CStrings: ~Copyable {
    private let copies: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>

    /// No text holds NUL.
    init(_ texts: [String]) {
        unsafe copies = .allocate(capacity: texts.count + 1)
        unsafe copies.initialize(repeating: nil)
        for (index, text) in texts.enumerated() { unsafe copies[index] = unsafe UnsafePointer(strdup(text)) }
    }

    deinit {
        for index in unsafe copies.indices { unsafe free(UnsafeMutableRawPointer(mutating: copies[index])) }
        unsafe copies.deallocate()
    }

    var pointers: UnsafePointer<UnsafePointer<CChar>?>? { unsafe UnsafePointer(copies.baseAddress) }
}
