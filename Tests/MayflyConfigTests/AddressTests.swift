import MayflyConfig
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("https://mayfly.example.com", "mayfly.example.com", ""), ("https://m.example:8443", "m.example", ""),
        ("https://m.example/a/B-1._~", "m.example", "/a/B-1._~"), ("https://10.0.0.1", "10.0.0.1", ""),
        ("https://[2001:db8::1]:443/x", "2001:db8::1", "/x"), ("http://localhost:8480", "localhost", ""),
        ("http://127.0.0.1:8480", "127.0.0.1", ""), ("http://[::1]:8480", "::1", ""), ("https://mayfly", "mayfly", ""),
        ("https://xn--mnchen-3ya.example", "xn--mnchen-3ya.example", ""),
    ])
    func acceptsIssuers(text: String, host: String, path: String) throws {
        let issuer = try #require(IssuerURL(text))
        #expect(issuer.text == text)
        #expect(issuer.host == host)
        #expect(issuer.path == path)
        #expect(issuer.isHTTPS == text.hasPrefix("https"))
    }

    @Test(arguments: [
        "", "https://", "http://m.example", "http://10.0.0.1", "http://localhost.example", "http://127.0.0.1.example",
        "http://[::]", "HTTPS://m.example", "https://M.example", "https://m.example/", "https://m.example/a/",
        "https://m.example//a", "https://m.example/../a", "https://m.example/.", "https://m.example?x",
        "https://m.example/a?x=1", "https://m.example#f", "https://u@m.example", "https://u:p@m.example",
        "https://m.example:0", "https://m.example:", "https://m.example:65536", "https://m.example:0443",
        "https://m.example:+1", "https://m.example/%61", "https://m.example/a b", "https://m.example\n",
        "https://m.example\0", "https://-m.example", "https://m-.example", "https://m..example", "https://m.example.",
        "https://[::1", "https://::1", "https://[::1]x", "https://[2001:DB8::1]", "https://[m.example]",
        "https://1.2.3", "https://0x7f.1", "https://127.1", "https://é.example", "ftp://m.example", "https:/m.example",
        "https://m.example\\a", "https://m_x.example", " https://m.example", "https://\"m.example",
        "https://" + String(repeating: "a.", count: 100) + "example",
    ])
    func refusesAnyOtherIssuer(text: String) {
        #expect(IssuerURL(text) == nil)
    }

    @Test(
        arguments: [
            ("127.0.0.1:8480", "127.0.0.1", 8480, true), ("localhost:0", "127.0.0.1", 0, true),
            ("0.0.0.0:65535", "0.0.0.0", 65535, false), ("[::1]:80", "::1", 80, true), ("[::]:80", "::", 80, false),
            ("[fe80::1]:1", "fe80::1", 1, false), ("127.1.2.3:1", "127.1.2.3", 1, true),
        ] as [(String, String, UInt16, Bool)])
    func readsListenAddresses(text: String, host: String, port: UInt16, loopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.isLoopback == loopback)
        #expect(ListenAddress(address.description) == address)
    }

    @Test(arguments: [
        "", ":8480", "8480", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
        "127.0.0.1:080", "127.0.0.1:8480 ", "127.0.0.1:8480\0", "127.1:80", "::1:80", "[::1]", "[::1]:",
        "[127.0.0.1]:80",
        "m.example:80", "*:80", "[fe80::1%eth0]:80", "256.0.0.1:80", "127.0.0.1:٨", "127.0.0.1:99999999999999999999",
    ])
    func refusesAnyOtherAddress(text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
