internal import CCurl
internal import Glibc

/// A libcurl easy handle: one connection at a time, kept open for the next request.
@safe struct EasyHandle: ~Copyable {
    private let handle: UnsafeMutableRawPointer

    /// libcurl wants one process-wide call before all others.
    private static let isReady = mayfly_curl_global_init() == CURLE_OK

    private let tls: ClientTLS

    init(tls: ClientTLS = ClientTLS()) throws(ClientError) {
        self.tls = tls
        guard Self.isReady, let handle = unsafe curl_easy_init() else {
            throw .unreachable("libcurl could not be started")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe curl_easy_cleanup(handle) }

    /// How long a request may take, what can end it earlier, and what else it must keep within.
    struct Patience {
        var connectMilliseconds = HTTPTransport.connectMilliseconds
        var totalMilliseconds = HTTPTransport.totalMilliseconds
        /// Asked now and then, at least once a second.
        var isCancelled: (@Sendable () -> Bool)?
        /// Bytes of the answer's body.
        var maximumBody = HTTPTransport.maximumBody
        /// Whether an address of this machine or its link may be connected to; for a URL that the operator wrote.
        var mayBeLocal = true
    }

    /// Sends one request and waits for the whole answer.
    func perform(
        _ request: ClientRequest, isLoopback: Bool, patience: Patience = Patience()
    ) throws(ClientError) -> ClientAnswer {
        unsafe curl_easy_reset(handle)
        let headers = try HeaderList(request)
        let sink = AnswerSink(patience)
        let context = unsafe Unmanaged.passRetained(sink)
        // A reset makes libcurl forget both pointers before they go.
        defer {
            unsafe curl_easy_reset(handle)
            unsafe context.release()
        }
        try check(unsafe mayfly_curl_harden(handle), sink)
        try check(unsafe mayfly_curl_url(handle, request.url), sink)
        // Behind a proxy nobody would see to which address a name leads.
        if isLoopback || !patience.mayBeLocal { try check(unsafe mayfly_curl_proxy(handle, ""), sink) }
        if !patience.mayBeLocal {
            try check(unsafe mayfly_curl_sockets(handle, openSocket, context.toOpaque()), sink)
        }
        if let path = tls.authorityFile { try check(unsafe mayfly_curl_ca_file(handle, path), sink) }
        if let certificate = tls.certificateFile, let key = tls.keyFile {
            try check(unsafe mayfly_curl_certificate(handle, certificate, key), sink)
        }
        try check(
            unsafe mayfly_curl_timeouts(handle, patience.connectMilliseconds, patience.totalMilliseconds),
            sink)
        if let body = request.body {
            let code = unsafe body.withUnsafeBytes { bytes in
                unsafe mayfly_curl_body(handle, bytes.baseAddress, curl_off_t(bytes.count))
            }
            try check(code, sink)
        }
        try check(unsafe mayfly_curl_method(handle, request.method), sink)
        try check(unsafe mayfly_curl_headers(handle, headers.list), sink)
        try check(unsafe mayfly_curl_sinks(handle, takeBody, takeHeader, context.toOpaque()), sink)
        if patience.isCancelled != nil { try check(unsafe mayfly_curl_watch(handle, watch, context.toOpaque()), sink) }
        try check(withExtendedLifetime(headers) { unsafe curl_easy_perform(handle) }, sink)
        var status = 0
        try check(unsafe mayfly_curl_status(handle, &status), sink)
        return ClientAnswer(status: status, headers: sink.headers, body: sink.body)
    }

    private func check(_ code: CURLcode, _ sink: AnswerSink) throws(ClientError) {
        guard code != CURLE_OK else { return }
        if sink.isOverfull { throw .answerTooLarge }
        if sink.hasRefusedAddress { throw .localAddress }
        let text = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_OPERATION_TIMEDOUT: throw .timedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE: throw .untrusted(text)
        case CURLE_SSL_CERTPROBLEM: throw .keyFile("the client certificate and its key are not accepted by libcurl")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: throw .invalidURL
        default: throw .unreachable(text)
        }
    }
}

/// The header lines of a request; libcurl reads them while it works.
@safe private struct HeaderList: ~Copyable {
    private(set) var list: UnsafeMutablePointer<curl_slist>?

    init(_ request: ClientRequest) throws(ClientError) {
        // No "100 Continue" round trip before a body.
        var lines = ["Expect:"]
        for header in request.headers {
            guard (header.name + header.value).utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw .invalidInput("a header value holds a character that HTTP does not allow")
            }
            lines.append("\(header.name): \(header.value)")
        }
        unsafe list = nil
        for line in lines {
            guard let longer = unsafe curl_slist_append(list, line) else { throw .unreachable("out of memory") }
            unsafe list = longer
        }
    }

    deinit { unsafe curl_slist_free_all(list) }
}

/// Collects an answer, up to a bound.
private final class AnswerSink {
    private(set) var headers: [(name: String, value: String)] = []
    private(set) var body: [UInt8] = []
    private(set) var isOverfull = false
    private(set) var hasRefusedAddress = false
    private var headerBytes = 0
    private let maximumBody: Int
    private let mayBeLocal: Bool
    private let isCancelled: (@Sendable () -> Bool)?

    init(_ patience: EasyHandle.Patience) {
        (isCancelled, maximumBody) = (patience.isCancelled, patience.maximumBody)
        mayBeLocal = patience.mayBeLocal
    }

    /// Whether an address may be connected to; asked for each that a name leads to, when it is about to be.
    func mayConnect(to address: [UInt8]) -> Bool {
        guard !mayBeLocal, NetworkAddress(address)?.isLocal ?? true else { return true }
        hasRefusedAddress = true
        return false
    }

    var mayGoOn: Bool { !(isCancelled?() ?? false) }

    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= maximumBody - body.count else {
            isOverfull = true
            return false
        }
        unsafe body.append(contentsOf: bytes)
        return true
    }

    func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= HTTPTransport.maximumHead - headerBytes else {
            isOverfull = true
            return false
        }
        headerBytes += bytes.count
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        // A status line begins a new head: what an interim answer said does not count.
        if line.hasPrefix("HTTP/") { headers = [] }
        if let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) {
            let value = line[line.utf8.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((String(line[..<colon]), String(value.prefix { !$0.isNewline })))
        }
        return true
    }
}

private func takeBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    unsafe take(bytes, size, count, context) { sink, bytes in unsafe sink.takeBody(bytes) }
}

private func takeHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    unsafe take(bytes, size, count, context) { sink, bytes in unsafe sink.takeHeader(bytes) }
}

private func openSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context = unsafe context, let address = unsafe address else { return CURL_SOCKET_BAD }
    let sink = unsafe Unmanaged<AnswerSink>.fromOpaque(context).takeUnretainedValue()
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        unsafe mayfly_curl_address(address, buffer.baseAddress)
    }
    guard sink.mayConnect(to: Array(bytes.prefix(count))) else { return CURL_SOCKET_BAD }
    return unsafe socket(address.pointee.family, address.pointee.socktype, address.pointee.protocol)
}

private func watch(
    _ context: UnsafeMutableRawPointer?, _ downTotal: curl_off_t, _ down: curl_off_t, _ upTotal: curl_off_t,
    _ up: curl_off_t
) -> Int32 {
    guard let context = unsafe context else { return 1 }
    return unsafe Unmanaged<AnswerSink>.fromOpaque(context).takeUnretainedValue().mayGoOn ? 0 : 1
}

private func take(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ into: (AnswerSink, UnsafeRawBufferPointer) -> Bool
) -> Int {
    let (length, overflow) = size.multipliedReportingOverflow(by: count)
    guard let context = unsafe context, !overflow else { return 0 }
    let sink = unsafe Unmanaged<AnswerSink>.fromOpaque(context).takeUnretainedValue()
    let isTaken = unsafe into(sink, UnsafeRawBufferPointer(start: bytes, count: length))
    // Zero for a block that holds bytes tells libcurl to stop.
    return isTaken ? length : 0
}
