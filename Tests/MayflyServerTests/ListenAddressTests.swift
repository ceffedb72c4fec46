import MayflyServer
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8480", 8480, true), ("127.9.9.9:0", 0, true), ("localhost:1", 1, true),
        ("[::1]:65535", 65535, true),
        ("[::ffff:127.0.0.1]:1", 1, true), ("0.0.0.0:80", 80, false), ("[::]:80", 80, false),
        ("10.0.0.1:80", 80, false),
    ])
    func readsAListenAddress(_ text: String, _ port: UInt16, _ isLoopback: Bool) throws {
        let address = try #require(ListenAddress.parse(text))
        #expect(address.port == port)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(arguments: [
        "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1", "::1:80",
        "[::1]", "[::1:80", "::1]:80", "[127.0.0.1]:80", "example.com:80", "127.1:80", "[]:80", ":80", "127.0.0.1:８０",
    ])
    func refusesOtherListenAddresses(_ text: String) {
        #expect(ListenAddress.parse(text) == nil)
    }
}
