import MayflyCrypto
import MayflyModel

/// A certificate that was read has names without a byte that could end or hide one, and no path to nobody's root.
enum CertificateCheck {
    static func run(_ bytes: [UInt8]) {
        guard let certificate = try? X509Certificate(der: bytes) else { return }
        require(certificate.der == bytes, "the bytes stay as they were")
        require(X509Certificate.isThumbprint(certificate.thumbprint), "the digest is an x5t#S256")
        require(certificate.notBefore <= certificate.notAfter, "it begins before it ends")
        let names = certificate.names
        for name in names.dns + names.uris + names.emails {
            require(!name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "names are printable ASCII")
        }
        require(names.addresses.allSatisfy { $0.count == 4 || $0.count == 16 }, "addresses are of IPv4 or IPv6")
        let text = Base64.encode(bytes)
        let again = require("base64 of it is read") { try X509Certificate(text: text) }
        require(again == certificate, "it is read the same twice")
        if let validator = try? X509PathValidator(anchors: [bytes]) {
            _ = try? validator.validate(leaf: bytes, chain: [bytes], at: certificate.notBefore)
        }
        _ = certificate.publicKey
        _ = try? certificate.svidURI()
    }
}

/// A name that was read is equal to itself, and never empty.
enum DistinguishedNameCheck {
    static func run(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self), let name = DistinguishedName(rfc4514: text) else {
            return
        }
        require(!name.isEmpty, "no name without a part")
        let again = DistinguishedName(rfc4514: text)
        require(again == name, "a name is equal to itself")
    }
}
