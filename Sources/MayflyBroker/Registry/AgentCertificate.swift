internal import Glibc
package import MayflyCrypto
import MayflyModel

/// By which certificate an agent proves who it is (RFC 8705 §2): one name in a certificate that the operator's
/// authorities vouch for, or the certificates themselves.
///
/// Indirect, because most of many agents have none: each then pays for one reference.
package indirect enum AgentCertificate: Equatable, Sendable {
    /// `tls_client_auth`: exactly one of the five.
    case subject(text: String, name: DistinguishedName)
    case dns(String)
    case uri(String)
    case address(text: String, octets: [UInt8])
    case email(String)
    /// `self_signed_tls_client_auth`: the `x5t#S256` of each.
    case certificates([String])

    /// Certificates of one agent.
    static let maximumCertificates = 8
    private static let listMember = "tls_client_certificates"

    /// The registered names of RFC 8705 §2.1.2.
    enum Member: String, CaseIterable {
        case subject = "tls_client_auth_subject_dn"
        case dns = "tls_client_auth_san_dns"
        case uri = "tls_client_auth_san_uri"
        case address = "tls_client_auth_san_ip"
        case email = "tls_client_auth_san_email"
    }

    /// Reads the members of an agent; nil when it has none of them.
    static func read(_ fields: inout FieldReader) throws(FieldError) -> AgentCertificate? {
        var found: AgentCertificate?
        for member in Member.allCases {
            guard let text = try fields.optionalString(member.rawValue, maximum: 1024) else { continue }
            guard found == nil else { throw fields.failure(member.rawValue, .invalid(rule: onlyOne)) }
            guard let value = Self(member, text) else {
                throw fields.failure(member.rawValue, .invalid(rule: rule(member)))
            }
            found = value
        }
        // As values, because PEM has line breaks, which texts of the registry have not.
        guard let list = try fields.values(listMember, maximumCount: maximumCertificates) else { return found }
        guard found == nil, !list.isEmpty else { throw fields.failure(listMember, .invalid(rule: onlyOne)) }
        var thumbprints: [String] = []
        for (value, path) in list {
            guard let thumbprint = value.stringValue.flatMap({ thumbprint(of: $0) }) else {
                throw FieldError(
                    path: path, problem: .invalid(rule: "must be a certificate in PEM or base64, or its x5t#S256"))
            }
            guard !thumbprints.contains(thumbprint) else { throw FieldError(path: path, problem: .duplicate) }
            thumbprints.append(thumbprint)
        }
        return .certificates(thumbprints)
    }

    private static let onlyOne = "one of the tls_client_auth_ members, or tls_client_certificates with at least one"

    private init?(_ member: Member, _ text: String) {
        switch member {
        case .subject:
            guard let name = DistinguishedName(rfc4514: text) else { return nil }
            self = .subject(text: text, name: name)
        case .dns:
            guard Self.isHost(text) else { return nil }
            self = .dns(text)
        case .uri:
            guard Self.isURI(text) else { return nil }
            self = .uri(text)
        case .address:
            guard let octets = Self.octets(of: text) else { return nil }
            self = .address(text: text, octets: octets)
        case .email:
            guard Self.isMailbox(text) else { return nil }
            self = .email(text)
        }
    }

    private static func rule(_ member: Member) -> String {
        switch member {
        case .subject: "must be a distinguished name in the form of RFC 4514, such as CN=billing,O=Example"
        case .dns: "must be one host name, without a wildcard"
        case .uri: "must be an absolute URI"
        case .address: "must be an IPv4 or IPv6 address"
        case .email: "must be one e-mail address"
        }
    }

    func write(into object: inout JSONObject) {
        switch self {
        case .subject(let text, _): object[Member.subject.rawValue] = .string(text)
        case .dns(let text): object[Member.dns.rawValue] = .string(text)
        case .uri(let text): object[Member.uri.rawValue] = .string(text)
        case .address(let text, _): object[Member.address.rawValue] = .string(text)
        case .email(let text): object[Member.email.rawValue] = .string(text)
        case .certificates(let list): object[Self.listMember] = .array(list.map { .string($0) })
        }
    }

    /// Whether whoever was known by `old` is known by this, too.
    func covers(_ old: AgentCertificate) -> Bool {
        if case (.certificates(let new), .certificates(let before)) = (self, old) {
            return Set(new).isSuperset(of: before)
        }
        return self == old
    }

    /// Whether it is one of the names of a certificate whose path holds; false for self-signed ones.
    func isNamed(in leaf: X509Certificate) -> Bool {
        switch self {
        case .subject(_, let name): leaf.subject == name
        // Names of hosts have no case (RFC 4343), and nor has the part of a mailbox behind the @ (RFC 5280 §7.5).
        case .dns(let text): leaf.names.dns.contains { Self.isSameHost($0, text) }
        case .uri(let text): leaf.names.uris.contains { $0.utf8.elementsEqual(text.utf8) }
        case .address(_, let octets): leaf.names.addresses.contains(octets)
        case .email(let text): leaf.names.emails.contains { Self.isSameMailbox($0, text) }
        case .certificates: false
        }
    }
}

// MARK: Forms

extension AgentCertificate {
    private static func thumbprint(of text: String) -> String? {
        if X509Certificate.isThumbprint(text) { return text }
        return (try? X509Certificate(text: text))?.thumbprint
    }

    /// Labels of letters, digits and hyphens (RFC 1123 §2.1), with one dot between.
    private static func isHost(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        }
    }

    /// A scheme, a colon and something behind it, all of it printable ASCII.
    private static func isURI(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text.utf8.last != UInt8(ascii: ":") else {
            return false
        }
        let scheme = text.utf8[..<colon]
        guard let first = scheme.first, isAlphanumeric(first), !(0x30...0x39).contains(first),
            scheme.allSatisfy({ isAlphanumeric($0) || "+-.".utf8.contains($0) })
        else { return false }
        return text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func isMailbox(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, text.utf8.count <= RegistryLimits.emailLength else { return false }
        return text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && isHost(String(decoding: parts[1], as: UTF8.self))
    }

    private static func octets(of text: String) -> [UInt8]? {
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var octets = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &octets) == 1 { return octets }
        }
        return nil
    }

    private static func isSameHost(_ left: String, _ right: String) -> Bool {
        left.utf8.map(lowered).elementsEqual(right.utf8.map(lowered))
    }

    private static func isSameMailbox(_ left: String, _ right: String) -> Bool {
        let at = UInt8(ascii: "@")
        guard let first = left.utf8.lastIndex(of: at), let second = right.utf8.lastIndex(of: at) else { return false }
        return left.utf8[..<first].elementsEqual(right.utf8[..<second])
            && left.utf8[first...].map(lowered).elementsEqual(right.utf8[second...].map(lowered))
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) && byte < 0x80
    }
}
