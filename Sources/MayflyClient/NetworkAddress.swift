/// An IP address, as far as it says where a connection would go.
struct NetworkAddress: Equatable, Sendable {
    /// 4 or 16, in network order.
    private let bytes: [UInt8]

    /// Nil for another number of bytes than 4 or 16.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Whether it is one of this machine or its link, or no place at all: loopback, link-local, unspecified, multicast
    /// and broadcast (RFC 6890), and what IPv6 writes an IPv4 address of that kind as.
    ///
    /// Cloud machines answer questions about themselves, and give out credentials, at a link-local address.
    var isLocal: Bool {
        guard bytes.count == 16 else { return Self.isLocal(bytes[...]) }
        if let inner = embedded { return Self.isLocal(inner) }
        // ::/128 and ::1/128 are among those that embed 0.0.0.0/8.
        let isLinkLocal = bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
        return isLinkLocal || bytes[0] == 0xFF
    }

    /// The IPv4 address in ::/96, ::ffff:0:0/96 (RFC 4291 §2.5.5), 64:ff9b::/96 (RFC 6052) and 2002::/16 (RFC 3056).
    private var embedded: ArraySlice<UInt8>? {
        let isZero = bytes[..<10].allSatisfy { $0 == 0 }
        if isZero, bytes[10] == 0 && bytes[11] == 0 || bytes[10] == 0xFF && bytes[11] == 0xFF { return bytes[12...] }
        if bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B]), bytes[4..<12].allSatisfy({ $0 == 0 }) { return bytes[12...] }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return bytes[2..<6] }
        return nil
    }

    private static func isLocal(_ address: ArraySlice<UInt8>) -> Bool {
        guard let first = address.first, let second = address.dropFirst().first else { return true }
        return first == 0 || first == 127 || first == 169 && second == 254 || first >= 224
    }
}
