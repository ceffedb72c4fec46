internal import CMicroHTTPD
internal import Glibc
internal import Synchronization

/// What the loops' threads work on: everything the callbacks share.
final class HTTPServerCore: Sendable {
    let limits: HTTPLimits
    let registry: ConnectionRegistry
    /// Nil for plain HTTP.
    let tls: TLSListener?
    private let handler: any HTTPHandler
    /// New connections are refused, and each reply ends its connection.
    private let draining = Atomic<Bool>(false)
    /// Until when accepted requests are waited for, once that has begun.
    private let drainEnd = Mutex<ContinuousClock.Instant?>(nil)
    /// Nothing may stay parked.
    private let ended = Atomic<Bool>(false)

    init(limits: HTTPLimits, tls: TLSListener?, handler: any HTTPHandler) throws(HTTPServerError) {
        self.limits = limits
        self.tls = tls
        self.handler = handler
        registry = try ConnectionRegistry(limits: limits)
    }

    // MARK: Stopping

    /// Answers until when accepted requests are waited for: that counts from the first call.
    func beginDraining() -> ContinuousClock.Instant {
        draining.store(true, ordering: .sequentiallyConsistent)
        return drainEnd.withLock { end in
            let known = end ?? .now + limits.drainTime
            end = known
            return known
        }
    }

    /// Ends every parked request with 503, those that park from now on included: a request parks first and then looks
    /// at the flag, so either it sees the flag or this sees the request.
    func endParked() {
        ended.store(true, ordering: .sequentiallyConsistent)
        for record in registry.all { record.parked?.abandon() }
    }

    var isAccepting: Bool {
        !draining.load(ordering: .sequentiallyConsistent)
    }

    // MARK: Connections

    func opened(descriptor: Int32, certificate: TLSCertificate?, bell: LoopBell) -> ConnectionRecord {
        let record = ConnectionRecord(
            descriptor: descriptor,
            certificate: certificate,
            bell: bell,
            remoteAddress: peerAddress(descriptor),
            deadline: .now + limits.headerDeadline)
        registry.add(record)
        return record
    }

    func closed(_ record: ConnectionRecord) {
        record.close()
        registry.remove(record)
    }

    /// Answers the last head that was read of the connection.
    func requestBegan(_ record: ConnectionRecord) -> RequestHead? {
        record.beginHeader(deadline: .now + limits.headerDeadline)
    }

    func requestEnded(_ exchange: Exchange) {
        // Where the client has gone, nothing else has asked for a parked request's reply.
        _ = exchange.slot?.take()
        exchange.record.enter(.idle, deadline: .now + limits.idleTimeout)
    }

    // MARK: Requests

    /// The header is complete.
    ///
    /// A reply from here ends the connection before any body is read.
    func headerArrived(_ exchange: Exchange, _ head: ReceivedHead, on connection: OpaquePointer) -> MHD_Result {
        exchange.arrivedAt = MonotonicTime.now()
        exchange.method = unsafe head.method
        do throws(HTTPSyntaxError) {
            let earlier = exchange.earlierHead
            let checked = try unsafe head.checked(exchange.target, after: earlier, limits: limits)
            if checked !== earlier { exchange.record.keep(checked) }
            if let refusal = admit(checked, exchange) {
                return unsafe queue(refusal, exchange, on: connection, closing: true)
            }
            exchange.body.reserveCapacity(checked.declaredLength)
            exchange.head = checked
        } catch {
            let reply = handler.reject(status: error.status, request: exchange.rejected)
            return unsafe queue(reply, exchange, on: connection, closing: true)
        }
        exchange.stage = .body
        exchange.record.enter(.body, deadline: .now + limits.bodyDeadline)
        expectPiece(exchange)
        return .YES
    }

    /// Notes how large the body may be; the reply to a request that may not send as much as it announces.
    private func admit(_ head: RequestHead, _ exchange: Exchange) -> HTTPReply? {
        exchange.maximumBody = limits.maximumBody
        guard head.declaredLength > limits.maximumBody else { return nil }
        let request = HTTPRequest(
            head: head, body: [], remoteAddress: exchange.record.remoteAddress, arrivedAt: exchange.arrivedAt,
            peerCertificate: exchange.peer)
        switch handler.admit(request, bodyOf: head.declaredLength) {
        case .tooLarge: return handler.reject(status: 413, request: exchange.rejected)
        case .refused(let reply): return reply
        case .granted(let place):
            (exchange.place, exchange.maximumBody) = (place, head.declaredLength)
            return nil
        }
    }

    /// More of the body; past the limit it answers 413 and has the connection closed.
    func bodyArrived(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer, on connection: OpaquePointer) -> MHD_Result
    {
        guard bytes.count <= exchange.maximumBody - exchange.body.count else {
            // The library queues no reply in the middle of a body, so this one is written past it. Nothing of the
            // library's own is half sent at this point, and it closes the connection on `.NO`.
            let reply = handler.reject(status: 413, request: exchange.rejected)
            let text = reply.serializedClosing(reason: "Content Too Large")
            if let session = unsafe mayfly_http_tls_session(connection), tls != nil {
                unsafe text.withUnsafeBytes { unsafe TLSListener.send($0, to: session) }
                return .NO
            }
            let descriptor = unsafe mayfly_http_socket(connection)
            _ = unsafe text.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            return .NO
        }
        unsafe exchange.body.append(contentsOf: bytes)
        expectPiece(exchange)
        return .YES
    }

    private func expectPiece(_ exchange: Exchange) {
        guard exchange.head?.isChunked ?? false else { return }
        exchange.record.expectPiece(by: .now + limits.pieceDeadline)
    }

    /// The request is complete.
    func requestArrived(_ exchange: Exchange, on connection: OpaquePointer) -> MHD_Result {
        guard let request = exchange.takeRequest() else { return .NO }
        guard exchange.record.enter(.handling, deadline: nil) else { return .NO }
        switch handler.handle(request) {
        case .reply(let reply):
            return unsafe queue(reply, exchange, on: connection, closing: !isAccepting)
        case .parked(let begin):
            let rejected = exchange.rejected
            let slot = ParkedSlot(unsafe SuspendedConnection(suspending: connection, of: exchange.record.bell)) {
                [handler] in
                handler.reject(status: 503, request: rejected)
            }
            exchange.slot = slot
            exchange.stage = .parked
            exchange.record.park(slot)
            if ended.load(ordering: .sequentiallyConsistent) { slot.abandon() }
            begin(ParkedReply(slot))
            return .YES
        }
    }

    /// A parked request was resumed.
    func replyArrived(_ exchange: Exchange, on connection: OpaquePointer) -> MHD_Result {
        guard let reply = exchange.slot?.take() else { return .YES }
        return unsafe queue(reply, exchange, on: connection, closing: !isAccepting)
    }

    private func queue(
        _ reply: HTTPReply, _ exchange: Exchange, on connection: OpaquePointer, closing: Bool
    ) -> MHD_Result {
        let reply = reply.isSendable ? reply : HTTPReply(status: 500)
        exchange.stage = .answered
        exchange.slot = nil
        // Before the client can hear of it, and send the next large body.
        exchange.place = nil
        exchange.record.enter(.replying, deadline: .now + limits.replyDeadline)
        if !closing, let kept = reply.keptResponse { return unsafe kept.queue(on: connection, status: reply.status) }
        guard let response = LibraryResponse(reply, closing: closing) else { return .NO }
        return unsafe response.queue(on: connection, status: reply.status)
    }
}

/// The numeric address at the other end, or an empty string when it has already gone.
private func peerAddress(_ descriptor: Int32) -> String {
    var name = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = unsafe withUnsafeMutablePointer(to: &name) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            guard unsafe getpeername(descriptor, address, &length) == 0 else { return Int32(-1) }
            return unsafe getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        }
    }
    guard status == 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
