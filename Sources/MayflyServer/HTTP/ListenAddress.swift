internal import Glibc

/// A numeric address, or `localhost`, and a port to listen on.
///
/// Names are not resolved.
package struct ListenAddress: Equatable, Sendable {
    /// The address as it was written, without brackets.
    package let host: String
    /// 0 lets the system choose.
    package let port: UInt16
    /// Four or sixteen bytes in network order.
    let octets: [UInt8]

    /// Takes an IPv4 or IPv6 address without brackets, or `localhost` for 127.0.0.1; nil for anything else.
    package init?(host: String, port: UInt16) {
        let numeric = host == "localhost" ? "127.0.0.1" : host
        guard let octets = Self.octets(of: numeric, family: AF_INET) ?? Self.octets(of: numeric, family: AF_INET6)
        else { return nil }
        self.host = host
        self.port = port
        self.octets = octets
    }

    /// Reads `127.0.0.1:8480`, `[::1]:8480` or `localhost:0`; nil for anything else.
    package static func parse(_ text: String) -> ListenAddress? {
        guard text.utf8.count <= 64, let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        guard let port = UInt16(digits) else { return nil }
        let host = text[..<colon]
        guard host.hasPrefix("[") else {
            return host.contains(":") ? nil : ListenAddress(host: String(host), port: port)
        }
        guard host.hasSuffix("]"), host.contains(":") else { return nil }
        return ListenAddress(host: String(host.dropFirst().dropLast()), port: port)
    }

    /// Whether only this machine can reach the address.
    package var isLoopback: Bool {
        if octets.count == 4 { return octets.first == 127 }
        let mapped = octets.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
        if mapped { return octets.dropFirst(12).first == 127 }
        return octets.dropLast().allSatisfy { $0 == 0 } && octets.last == 1
    }

    static func octets(of host: String, family: Int32) -> [UInt8]? {
        guard !host.utf8.contains(0) else { return nil }
        var octets = [UInt8](repeating: 0, count: family == AF_INET ? 4 : 16)
        let status = unsafe octets.withUnsafeMutableBytes { unsafe inet_pton(family, host, $0.baseAddress) }
        return status == 1 ? octets : nil
    }
}
