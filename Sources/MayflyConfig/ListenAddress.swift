/// Where the broker accepts connections: an IP address and a port, `127.0.0.1:8480` or `[::1]:8480`.
package struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    package static let rule =
        "must be an IP address and a port such as 127.0.0.1:8480 or [::1]:8480; 0.0.0.0 or [::] means every interface, "
        + "port 0 means any free port"

    /// A numeric address without brackets; `localhost` is read as 127.0.0.1.
    package let host: String
    package let port: UInt16

    package init?(_ text: String) {
        guard let (host, digits) = HostText.split(Array(text.utf8)), let digits, let port = HostText.port(digits) else {
            return nil
        }
        let address = host == "localhost" ? "127.0.0.1" : host
        guard HostText.isIPv4(address) || HostText.isIPv6(address) else { return nil }
        self.host = address
        self.port = port
    }

    package var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

    /// Whether only this machine can connect.
    package var isLoopback: Bool { HostText.isLoopback(host) }

    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
