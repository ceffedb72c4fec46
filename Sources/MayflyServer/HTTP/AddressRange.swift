internal import Glibc

/// A block of IP addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), or one address.
package struct AddressRange: Equatable, Sendable {
    /// Four or sixteen bytes in network order.
    private let octets: [UInt8]
    /// Leading bits that count.
    private let bits: Int

    /// Reads `10.0.0.0/8`, `2001:db8::/32` or an address alone; nil for anything else, bits set behind the prefix too.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let host = parts.first, parts.count <= 2, let octets = Self.octets(of: String(host)) else { return nil }
        var bits = octets.count * 8
        if let digits = parts.dropFirst().first {
            guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(digits), number <= bits
            else { return nil }
            bits = number
        }
        self.octets = octets
        self.bits = bits
        guard Self.isZero(octets, behind: bits) else { return nil }
    }

    /// Whether a numeric address, as the system writes that of a peer, is in the block.
    package func contains(_ address: String) -> Bool {
        // A link-local address names its interface behind a percent sign.
        guard let other = Self.octets(of: String(address.prefix { $0 != "%" })), other.count == octets.count else {
            return false
        }
        return Self.isZero(zip(octets, other).map { $0 ^ $1 }, before: bits)
    }

    private static func isZero(_ octets: [UInt8], behind bits: Int) -> Bool {
        octets.enumerated().allSatisfy { index, octet in
            let kept = min(8, max(0, bits - index * 8))
            return octet & UInt8(truncatingIfNeeded: 0xFF >> kept) == 0
        }
    }

    private static func isZero(_ octets: [UInt8], before bits: Int) -> Bool {
        octets.enumerated().allSatisfy { index, octet in
            let kept = min(8, max(0, bits - index * 8))
            return octet & ~UInt8(truncatingIfNeeded: 0xFF >> kept) == 0
        }
    }

    /// An IPv4 address that is mapped into IPv6 counts as the IPv4 address.
    private static func octets(of host: String) -> [UInt8]? {
        guard let octets = ListenAddress.octets(of: host, family: AF_INET) else {
            guard let long = ListenAddress.octets(of: host, family: AF_INET6) else { return nil }
            let isMapped = long.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
            return isMapped ? Array(long.suffix(4)) : long
        }
        return octets
    }
}
