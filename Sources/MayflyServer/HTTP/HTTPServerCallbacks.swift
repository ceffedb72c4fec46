internal import CMicroHTTPD
internal import Glibc

// The functions that libmicrohttpd calls on a loop's thread. Each recovers the objects behind its pointers and calls
// one method. The context is the server's core, or a connection's loop, kept alive until the daemon has stopped.

func httpAcceptConnection(
    _ context: UnsafeMutableRawPointer?, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t
) -> MHD_Result {
    guard let core = unsafe core(context), core.isAccepting else { return .NO }
    return .YES
}

/// A connection opened or is about to be closed; its record is held by the library in between.
///
/// Its TLS session has ended by the time it is closed (`MHD_cleanup_connections`), or never began.
func httpConnectionChanged(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ stored: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ change: MHD_ConnectionNotificationCode
) {
    guard let context = unsafe context, let connection = unsafe connection, let stored = unsafe stored else { return }
    let loop = unsafe Unmanaged<HTTPLoop>.fromOpaque(context).takeUnretainedValue()
    switch change {
    case .CONNECTION_NOTIFY_STARTED:
        var certificate: TLSCertificate?
        if let tls = loop.core.tls {
            guard let session = unsafe mayfly_http_tls_session(connection) else { return }
            certificate = unsafe tls.begin(session)
        }
        let record = loop.core.opened(
            descriptor: unsafe mayfly_http_socket(connection), certificate: certificate, bell: loop.bell)
        unsafe stored.pointee = Unmanaged.passRetained(record).toOpaque()
    case .CONNECTION_NOTIFY_CLOSED:
        guard let pointer = unsafe stored.pointee else { return }
        unsafe stored.pointee = nil
        loop.core.closed(unsafe Unmanaged<ConnectionRecord>.fromOpaque(pointer).takeRetainedValue())
    }
}

/// A request line arrived; the exchange it begins is held by the library until the request is completed.
func httpRequestLineArrived(
    _ context: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let core = unsafe core(context), let connection = unsafe connection, let target = unsafe target else {
        return nil
    }
    guard let pointer = unsafe mayfly_http_socket_context(connection) else { return nil }
    let record = unsafe Unmanaged<ConnectionRecord>.fromOpaque(pointer).takeUnretainedValue()
    record.bell.noteStep()
    let earlier = core.requestBegan(record)
    let bytes = unsafe UnsafeRawBufferPointer(start: target, count: strlen(target))
    let exchange = Exchange(
        record: record, target: unsafe Array(bytes), targetAddress: UInt(bitPattern: target), earlierHead: earlier)
    if core.tls != nil, let session = unsafe mayfly_http_tls_session(connection) {
        exchange.peer = record.peer { unsafe TLSListener.peer(session) }
    }
    return unsafe Unmanaged.passRetained(exchange).toOpaque()
}

/// Called when the header is complete, for each piece of the body, when the request is complete, and once more when a
/// parked request has been resumed.
func httpRequestProgressed(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ path: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ data: UnsafePointer<CChar>?,
    _ count: UnsafeMutablePointer<Int>?, _ stored: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context = unsafe context, let connection = unsafe connection, let method = unsafe method,
        let version = unsafe version, let count = unsafe count, let pointer = unsafe stored?.pointee
    else { return .NO }
    // Both are held by others meanwhile. Counting the core up and down, three times for each request, would have all
    // threads write to one place in memory.
    return unsafe Unmanaged<HTTPServerCore>.fromOpaque(context)._withUnsafeGuaranteedRef { core in
        unsafe Unmanaged<Exchange>.fromOpaque(pointer)._withUnsafeGuaranteedRef { exchange in
            exchange.record.bell.noteStep()
            switch exchange.stage {
            case .header:
                let head = unsafe ReceivedHead(
                    connection, method: method, version: version, targetAddress: exchange.targetAddress,
                    targetCount: exchange.target.count)
                return unsafe core.headerArrived(exchange, head, on: connection)
            case .body where unsafe count.pointee > 0:
                let bytes = unsafe UnsafeRawBufferPointer(start: data, count: count.pointee)
                unsafe count.pointee = 0
                return unsafe core.bodyArrived(exchange, bytes, on: connection)
            case .body:
                return unsafe core.requestArrived(exchange, on: connection)
            case .parked:
                return unsafe core.replyArrived(exchange, on: connection)
            case .answered:
                return .YES
            }
        }
    }
}

func httpRequestCompleted(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ stored: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ reason: MHD_RequestTerminationCode
) {
    guard let context = unsafe context, let stored = unsafe stored, let pointer = unsafe stored.pointee else { return }
    unsafe stored.pointee = nil
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue()
    exchange.record.bell.noteStep()
    unsafe Unmanaged<HTTPServerCore>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.requestEnded(exchange) }
}

private func core(_ context: UnsafeMutableRawPointer?) -> HTTPServerCore? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<HTTPServerCore>.fromOpaque(context).takeUnretainedValue()
}
