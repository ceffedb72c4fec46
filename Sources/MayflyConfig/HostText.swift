internal import Glibc

/// Reads hosts and ports as URLs and listen addresses spell them.
enum HostText {
    /// The host of `host`, `host:port`, `[v6]` or `[v6]:port`, or nil when it is not one in lower case, or when the
    /// port is not 1 to 65535.
    static func host(ofAuthority bytes: [UInt8]) -> String? {
        guard let (host, port) = split(bytes) else { return nil }
        if let port { guard let number = self.port(port), number > 0 else { return nil } }
        return host
    }

    /// Host and port text; an IPv6 address must stand in brackets and loses them.
    static func split(_ bytes: [UInt8]) -> (host: String, port: ArraySlice<UInt8>?)? {
        var host = bytes.prefix { $0 != UInt8(ascii: ":") }
        var rest = bytes.dropFirst(host.count)
        let isBracketed = bytes.first == UInt8(ascii: "[")
        if isBracketed {
            host = bytes.dropFirst().prefix { $0 != UInt8(ascii: "]") }
            rest = bytes.dropFirst(host.count + 1)
            guard rest.first == UInt8(ascii: "]") else { return nil }
            rest = rest.dropFirst()
        }
        let text = String(decoding: host, as: UTF8.self)
        guard isBracketed ? isIPv6(text) : isIPv4(text) || isName(host) else { return nil }
        guard let colon = rest.first else { return (text, nil) }
        return colon == UInt8(ascii: ":") ? (text, rest.dropFirst()) : nil
    }

    /// A port from 0 to 65535 without leading zeros.
    static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard let first = digits.first, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        return UInt16(String(decoding: digits, as: UTF8.self))
    }

    /// Whether `host` names this machine and nothing else: `localhost`, 127.0.0.0/8 or ::1.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" { return true }
        if let bytes = address(host, family: AF_INET, count: 4) { return bytes.first == 127 }
        return address(host, family: AF_INET6, count: 16) == [UInt8](repeating: 0, count: 15) + [1]
    }

    static func isIPv4(_ text: String) -> Bool { address(text, family: AF_INET, count: 4) != nil }

    static func isIPv6(_ text: String) -> Bool {
        // inet_pton also takes capitals, which would give one address two spellings.
        text.utf8.allSatisfy { !(0x41...0x5A).contains($0) } && address(text, family: AF_INET6, count: 16) != nil
    }

    /// Host names in lower case (RFC 1123 §2.1) whose last label is no number, so that none looks like an address.
    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard (1...253).contains(bytes.count) else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let last = labels.last, !last.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                }
        }
    }

    private static func address(_ text: String, family: Int32, count: Int) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        let status = unsafe bytes.withUnsafeMutableBytes { unsafe inet_pton(family, text, $0.baseAddress) }
        return status == 1 ? bytes : nil
    }
}
