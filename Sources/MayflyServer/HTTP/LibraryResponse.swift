internal import CMicroHTTPD

/// A reply in libmicrohttpd's own form: body and header fields copied, freed when the last connection has sent it.
///
/// `@unchecked Sendable`: made once and only queued afterwards, on any thread. The library's manual, section "Building
/// responses to requests": "Instances of the 'MHD_Response' structure are not associated to a daemon and neither to a
/// client connection: they are managed with reference counting", and recommends one for each kind of response, used
/// "every time we have to give that response".
@safe package final class LibraryResponse: @unchecked Sendable {
    private let pointer: OpaquePointer  // MHD_Response *, one reference of which is owned here

    /// For a reply that is to be kept; nil when it must not be sent, or when the library cannot hold it.
    package convenience init?(_ reply: HTTPReply) {
        guard reply.isSendable else { return nil }
        self.init(reply, closing: false)
    }

    /// For a reply that may be sent; nil when the library cannot hold it.
    init?(_ reply: HTTPReply, closing: Bool) {
        let created = unsafe reply.body.withUnsafeBytes { unsafe mayfly_http_response($0.baseAddress, $0.count) }
        guard let response = unsafe created else { return nil }
        var isComplete = true
        reply.forEachHeader(closing: closing) { name, value in
            // Passing the strings themselves would copy each to the heap first.
            let added = unsafe name.withCString { name in
                unsafe value.withCString { unsafe MHD_add_response_header(response, name, $0) }
            }
            if added != .YES { isComplete = false }
        }
        guard isComplete else {
            unsafe MHD_destroy_response(response)
            return nil
        }
        unsafe pointer = response
    }

    deinit { unsafe MHD_destroy_response(pointer) }

    /// Has the library send it on `connection`; `.NO` closes the connection.
    func queue(on connection: OpaquePointer, status: Int) -> MHD_Result {
        // The library counts its own reference before this one can go.
        withExtendedLifetime(self) { unsafe MHD_queue_response(connection, UInt32(clamping: status), pointer) }
    }
}
