internal import CertificateHarness
internal import MayflyCrypto
internal import Testing

/// Names in certificates, and names that they are compared with.
@Suite struct X509NameTests {
    private static let authority = Result { try TestAuthority() }

    private func made(_ subject: String, _ names: String? = nil) throws -> X509Certificate {
        try X509Certificate(der: try Self.authority.get().issue(.named(subject, names)).der)
    }

    @Test func eachKindOfNameIsReadByItself() throws {
        let names = try made(
            "/CN=a", "DNS:a.example,DNS:*.b.example,URI:urn:x:1,email:a@b.example,IP:192.0.2.7,IP:2001:db8::7,RID:1.2.3"
        ).names
        #expect(names.dns == ["a.example", "*.b.example"])
        #expect(names.uris == ["urn:x:1"])
        #expect(names.emails == ["a@b.example"])
        #expect(
            names.addresses == [[192, 0, 2, 7], [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7]])
        #expect(try made("/CN=a").names.dns.isEmpty)
    }

    /// `a.example` NUL `.evil.example` and others, as openssl would not write them by itself.
    @Test(arguments: [
        ("NUL in a DNS name", "DER:30:0D:82:0B:61:2E:65:78:61:6D:70:6C:65:00:62"),
        ("NUL at the end", "DER:30:0C:82:0A:61:2E:65:78:61:6D:70:6C:65:00"),
        ("NUL in a URI", "DER:30:0A:86:08:75:72:6E:3A:61:00:3A:62"),
        ("NUL in an e-mail", "DER:30:07:81:05:61:40:62:00:63"),
        ("a control character", "DER:30:05:82:03:61:0A:62"),
        ("a space", "DER:30:05:82:03:61:20:62"),
        ("Latin-1", "DER:30:05:82:03:61:E9:62"),
        ("an empty name", "DER:30:02:82:00"),
        ("an address of three bytes", "DER:30:05:87:03:01:02:03"),
        ("an address with a mask", "DER:30:0A:87:08:01:02:03:04:FF:FF:FF:00"),
    ])
    func aNameThatCouldBeTakenForAnotherMakesTheCertificateUseless(_ name: String, _ der: String) throws {
        let certificate = try Self.authority.get().issue(.named("/CN=a", der)).der
        #expect((try? X509Certificate(der: certificate)) == nil, "\(name)")
    }

    @Test(arguments: [
        // The order of RFC 4514 is the reverse of the certificate's.
        ("/C=CH/O=Example/CN=billing", "CN=billing,O=Example,C=CH", true),
        ("/C=CH/O=Example/CN=billing", "cn=billing, o=Example, c=CH", true),
        ("/C=CH/O=Example/CN=billing", "CN = BILLING , O=example,C=ch", true),
        ("/C=CH/O=Example/CN=billing", "C=CH,O=Example,CN=billing", false),
        ("/C=CH/O=Example/CN=billing", "CN=billing,O=Example", false),
        ("/C=CH/O=Example/CN=billing", "CN=billing,O=Example,C=CH,DC=x", false),
        ("/C=CH/O=Example/CN=billing", "2.5.4.3=billing,2.5.4.10=Example,2.5.4.6=CH", true),
        ("/C=CH/O=Example/CN=billing", "CN=#0C0762696C6C696E67,O=Example,C=CH", true),
        ("/O=A, B & Co/CN=x", #"CN=x,O=A\, B & Co"#, true),
        ("/O=A, B & Co/CN=x", #"CN=x,O=A\2C B & Co"#, true),
        ("/O=A  B/CN=x", "CN=x,O=A B", true),
        ("/O=Zürich/CN=x", "CN=x,O=Zürich", true),
        ("/O=Zürich/CN=x", #"CN=x,O=Z\C3\BCrich"#, true),
        ("/O=Zürich/CN=x", "CN=x,O=Zurich", false),
        ("/DC=org/DC=example/CN=x", "CN=x,DC=example,DC=org", true),
        ("/DC=org/DC=example/CN=x", "CN=x,DC=org,DC=example", false),
        ("/O=E/CN=x+serialNumber=7", "CN=x+serialNumber=7,O=E", true),
        ("/O=E/CN=x+serialNumber=7", "serialNumber=7+CN=x,O=E", true),
        ("/O=E/CN=x+serialNumber=7", "CN=x,serialNumber=7,O=E", false),
        ("/O=E/UID=u1/CN=x", "CN=x,uid=u1,O=E", true),
        ("/O=E/CN=x", "CN=x\\00,O=E", false),
    ])
    func namesAreComparedAsOpenSSLComparesThem(_ subject: String, _ text: String, _ isSame: Bool) throws {
        let wanted = DistinguishedName(rfc4514: text)
        #expect((wanted.map { $0 == (try? made(subject))?.subject } ?? false) == isSame, "\(text)")
    }

    @Test(arguments: [
        "", ",", "CN", "CN=", "=x", "CN=x,", ",CN=x", "CN=x,,O=E", "CN=x;O=E", "CN=\"x\"", "CN=x\\", "CN=x\\zz",
        "CN=#", "CN=#0", "CN=#zz", "CN=#0C0561", "NOSUCH=x", "1.=x", "CN=a<b", "C=Switzerland", "CN=x\u{0}y", "CN=\\FF",
        "CN=" + String(repeating: "x", count: 65), String(repeating: "CN=x,", count: 300) + "CN=x",
    ])
    func whatIsNoDistinguishedNameIsRefused(_ text: String) {
        #expect(DistinguishedName(rfc4514: text) == nil, "\(text)")
    }

    @Test func theThumbprintIsTheDigestOfTheBytes() throws {
        let certificate = try Self.authority.get().issue(.named("/CN=a"))
        let read = try X509Certificate(text: certificate.pem)
        #expect(read.der == certificate.der)
        #expect(read.digest == SHA256.digest(of: certificate.der))
        #expect(X509Certificate.isThumbprint(read.thumbprint) && read.thumbprint.utf8.count == 43)
        #expect(read.publicKey?.algorithms == [.es256])
        for text in [
            "", "AAAA", certificate.pem + certificate.pem, certificate.pem.replacing("CERTIFICATE", with: "X"),
        ] {
            #expect((try? X509Certificate(text: text)) == nil)
        }
    }
}
