internal import COpenSSL
internal import MayflyModel

/// The subject alternative names of a certificate (RFC 5280 §4.2.1.6), those kinds by which a client can be known.
package struct X509Names: Equatable, Sendable {
    package private(set) var dns: [String] = []
    package private(set) var uris: [String] = []
    package private(set) var emails: [String] = []
    /// Four or sixteen bytes each.
    package private(set) var addresses: [[UInt8]] = []

    /// Names of one certificate that are looked at.
    static let maximumCount = 64

    /// Takes each name by its length: what follows a NUL is no other name, it makes the certificate one to refuse.
    init(_ certificate: borrowing X509Handle) throws(X509Error) {
        var state: Int32 = 0
        let pointer = unsafe certificate.pointer
        guard let names = unsafe mayfly_alternative_names(pointer, &state) else {
            ERR_clear_error()
            // Twice the extension, or one that cannot be read, leaves open what is meant.
            guard state == -1 else { throw .malformed }
            return
        }
        defer { unsafe GENERAL_NAMES_free(names) }
        let count = unsafe mayfly_name_count(names)
        guard count <= Self.maximumCount else { throw .tooLarge }
        for index in 0..<max(0, count) {
            var data: UnsafePointer<UInt8>?
            var length: Int32 = 0
            let type = unsafe mayfly_name(names, index, &data, &length)
            let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: data == nil ? 0 : Int(max(0, length))))
            try add(bytes, type)
        }
    }

    private mutating func add(_ bytes: [UInt8], _ type: Int32) throws(X509Error) {
        switch type {
        case GEN_DNS: dns.append(try Self.text(bytes))
        case GEN_URI: uris.append(try Self.text(bytes))
        case GEN_EMAIL: emails.append(try Self.text(bytes))
        case GEN_IPADD:
            guard bytes.count == 4 || bytes.count == 16 else { throw .malformed }
            addresses.append(bytes)
        default: break
        }
    }

    private static func text(_ bytes: [UInt8]) throws(X509Error) -> String {
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .forbiddenName }
        return String(decoding: bytes, as: UTF8.self)
    }
}
