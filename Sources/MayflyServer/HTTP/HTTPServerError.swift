/// Why the server cannot listen.
package enum HTTPServerError: Error, Equatable, Sendable {
    /// A system call failed; `errno` says why (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`).
    case cannotListen(errno: Int32)
    /// libmicrohttpd or the sweeping thread did not start.
    case cannotStart
}

extension HTTPServerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotListen(let errno): "cannot listen on the address (errno \(errno))"
        case .cannotStart: "the HTTP server did not start"
        }
    }
}
