import Dispatch
import Glibc
import MayflyClient
import Testing

@Suite struct CollectorTransportTests {
    /// A port where connections are made, by the kernel, and nothing is ever read from them.
    private final class SilentPort {
        private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let url: String

        init() throws {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(descriptor, pointer, length) == 0 && listen(descriptor, 8) == 0
                        && getsockname(descriptor, pointer, &length) == 0
                }
            }
            try #require(isBound)
            url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/v1/traces"
        }

        deinit { close(descriptor) }
    }

    @Test func aBodyArrivesAsJSONAtThePath() throws {
        let server = try FakeServer([
            FakeServer.answer("200 OK", body: "{}"), FakeServer.answer("202 Accepted", body: ""),
        ])
        let transport = try CollectorTransport(endpoint: server.url + "/v1/traces")
        #expect(transport.send(Array("[1]".utf8), milliseconds: 30_000))
        #expect(transport.send(Array("[2]".utf8), milliseconds: 30_000))
        let first = try #require(server.requests.first)
        #expect(first.hasPrefix("POST /v1/traces HTTP/1.1\r\n") && first.hasSuffix("\r\n\r\n[1]"))
        #expect(first.contains("Content-Type: application/json\r\n"))
        #expect(server.requests.count == 2)
    }

    @Test(arguments: ["400 Bad Request", "429 Too Many Requests", "503 Service Unavailable", "302 Found"])
    func anythingButSuccessIsARefusal(_ status: String) throws {
        let server = try FakeServer([FakeServer.answer(status, "Location: /elsewhere\r\n", body: "")])
        let transport = try CollectorTransport(endpoint: server.url)
        #expect(!transport.send([], milliseconds: 30_000))
        #expect(server.requests.count == 1)
    }

    @Test func aCollectorThatIsSilentIsGivenUpInTime() throws {
        let port = try SilentPort()
        let transport = try CollectorTransport(endpoint: port.url)
        #expect(!transport.send(Array("{}".utf8), milliseconds: 200))
    }

    @Test func aSendUnderWayCanBeCancelled() throws {
        let port = try SilentPort()
        let transport = try CollectorTransport(endpoint: port.url)
        let done = DispatchSemaphore(value: 0)
        DispatchQueue(label: "test.collector").async {
            _ = transport.send(Array("{}".utf8), milliseconds: 600_000)
            done.signal()
        }
        transport.cancel()
        // Minutes before the send would end by itself.
        #expect(done.wait(timeout: .now() + .seconds(60)) == .success)
        #expect(!transport.send([], milliseconds: 1000))
    }

    @Test(arguments: ["", "ftp://c/", "http://user@c/", "http://c/?q"])
    func whatIsNoURLIsRefusedAtOnce(_ endpoint: String) {
        #expect(throws: ClientError.invalidURL) { _ = try CollectorTransport(endpoint: endpoint) }
    }

    @Test func anotherMachineMayBeReachedByPlainHTTP() {
        #expect(throws: Never.self) { _ = try CollectorTransport(endpoint: "http://collector.example:4318/v1/traces") }
    }
}
