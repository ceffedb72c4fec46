/// Why the server cannot listen.
package enum HTTPServerError: Error, Equatable, Sendable {
    /// A system call failed; `errno` says why (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`).
    case cannotListen(errno: Int32)
    /// libmicrohttpd or the sweeping thread did not start.
    case cannotStart
    /// The server's certificate or its key cannot be used; GnuTLS's error code.
    case certificate(code: Int32)
}

extension HTTPServerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotListen(let errno): "cannot listen on the address (errno \(errno))"
        case .cannotStart: "the HTTP server did not start"
        case .certificate(let code):
            "the certificates are not a chain in PEM with the leaf first, or the key is not the leaf's (GnuTLS \(code))"
        }
    }
}
