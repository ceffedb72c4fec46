import MayflyModel
import Testing

@testable import MayflyClient

@Suite struct ServerURLTests {
    @Test(arguments: [
        ("https://mayfly.example.com", "https://mayfly.example.com", ""),
        ("https://mayfly.example.com/", "https://mayfly.example.com", ""),
        ("https://h:8443/a/b/", "https://h:8443", "/a/b"), ("http://127.0.0.1:8480", "http://127.0.0.1:8480", ""),
        ("http://[::1]:8480", "http://[::1]:8480", ""), ("http://localhost", "http://localhost", ""),
        ("http://127.9.9.9", "http://127.9.9.9", ""),
    ])
    func aBaseURLIsSplit(_ text: String, _ origin: String, _ path: String) throws {
        let url = try ServerURL(text)
        #expect(url.origin == origin)
        #expect(url.path == path)
        #expect(url.metadata == origin + "/.well-known/oauth-authorization-server" + path)
    }

    @Test(arguments: [
        "", "mayfly", "ftp://h", "file:///etc/passwd", "https://", "https://user@h", "https://h?q", "https://h#f",
        "https://h h", "https://h\n", "https://[::1", "https://a:b:c", "http:/h", "HTTPS://h",
    ])
    func whatIsNoBaseURLIsRefused(_ text: String) {
        #expect(throws: ClientError.invalidURL) { _ = try ServerURL(text) }
    }

    @Test(arguments: ["http://example.com", "http://127.0.0.1.example.com", "http://10.0.0.1", "http://127.1"])
    func plainHTTPIsForThisMachine(_ text: String) {
        #expect(throws: ClientError.plainHTTP) { _ = try ServerURL(text) }
    }

    @Test func aFormEscapesEverythingThatCouldEndAField() {
        var form = FormBody()
        form.add("a b", "x&y=z+1%\n")
        form.add("none", nil)
        form.add("u", "ä")
        #expect(form.text == "a%20b=x%26y%3Dz%2B1%25%0A&u=%C3%A4")
        #expect(FormBody.segment("agent:a/../b?c") == "agent:a%2F..%2Fb%3Fc")
    }

    @Test func basicCredentialsAreFormEscaped() {
        let header = Asker.basic("tickets", "a:b c")
        #expect(header.name == "Authorization")
        #expect(header.value == "Basic " + Base64.encode(Array("tickets:a%3Ab%20c".utf8)))
    }
}
