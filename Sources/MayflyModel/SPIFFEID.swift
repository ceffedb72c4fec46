/// A SPIFFE ID: `spiffe://`, a trust domain, and the path of a workload (SPIFFE-ID §2).
///
/// It has one spelling, so it is compared as bytes. The ID of a trust domain alone names no workload and is refused.
package struct SPIFFEID: Hashable, Sendable {
    package static let maximumLength = 2048
    package static let maximumTrustDomainLength = 255

    package let text: String
    package let trustDomain: String

    /// Nil for another scheme, a port, user, query, fragment or escape, and an empty, `.` or `..` segment.
    package init?(_ text: String) {
        let scheme = "spiffe://".utf8
        guard text.utf8.count <= Self.maximumLength, text.utf8.starts(with: scheme) else { return nil }
        let rest = Array(text.utf8.dropFirst(scheme.count))
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let domain = String(decoding: rest[..<slash], as: UTF8.self)
        guard Self.isTrustDomain(domain) else { return nil }
        let segments = rest[(slash + 1)...].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard segments.allSatisfy(Self.isSegment) else { return nil }
        self.text = text
        trustDomain = domain
    }

    /// Lower-case letters, digits, `.`, `-` and `_` (SPIFFE-ID §2.1).
    package static func isTrustDomain(_ text: String) -> Bool {
        (1...maximumTrustDomainLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                isLowerCaseOrDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }

    /// Letters, digits, `.`, `-` and `_`, and neither nothing nor dots alone (SPIFFE-ID §2.2).
    private static func isSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        guard !segment.isEmpty, segment.elementsEqual(".".utf8) == false, segment.elementsEqual("..".utf8) == false
        else { return false }
        return segment.allSatisfy { byte in
            isLowerCaseOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
    }

    private static func isLowerCaseOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
