import MayflyCrypto
import MayflyModel
import Testing

@testable import MayflyClient

@Suite struct HTTPTransportTests {
    private func credential() throws -> AgentCredential {
        AgentCredential(clientID: "agent:a", key: try PrivateKey.generate(.es256))
    }

    @Test func anAnswerComesWithStatusHeadersAndBody() throws {
        let server = try FakeServer([FakeServer.answer("201 Created", "ETag: \"v1\"\r\nX-A:b\r\n", body: "hello")])
        let answer = try HTTPTransport().send(ClientRequest("GET", server.url + "/x?y=z"))
        #expect(answer.status == 201)
        #expect(answer.header("etag") == "\"v1\"")
        #expect(answer.header("X-A") == "b")
        #expect(answer.body == Array("hello".utf8))
        #expect(server.requests.first?.hasPrefix("GET /x?y=z HTTP/1.1\r\n") == true)
    }

    @Test func oneConnectionServesManyRequests() throws {
        let server = try FakeServer([
            FakeServer.answer("200 OK", body: "one"), FakeServer.answer("200 OK", body: "two"),
        ])
        let transport = try HTTPTransport()
        for text in ["one", "two"] {
            #expect(try transport.send(ClientRequest("GET", server.url)).body == Array(text.utf8))
        }
    }

    @Test func nothingOfARequestIsLeftForTheNext() throws {
        let server = try FakeServer([FakeServer.answer("200 OK", body: ""), FakeServer.answer("200 OK", body: "")])
        let transport = try HTTPTransport()
        var first = ClientRequest("PUT", server.url + "/a")
        first.headers = [(name: "Authorization", value: "Bearer SECRET")]
        first.body = Array("body".utf8)
        _ = try transport.send(first)
        _ = try transport.send(ClientRequest("DELETE", server.url + "/b"))
        #expect(server.requests.count == 2)
        #expect(server.requests.first?.hasPrefix("PUT /a ") == true)
        #expect(server.requests.first?.hasSuffix("\r\n\r\nbody") == true)
        #expect(server.requests.last?.hasPrefix("DELETE /b ") == true)
        #expect(server.requests.last?.contains("SECRET") == false)
    }

    @Test func aRedirectIsAnAnswerAndNotFollowed() throws {
        let server = try FakeServer([FakeServer.answer("302 Found", "Location: /other\r\n", body: "")])
        #expect(try HTTPTransport().send(ClientRequest("GET", server.url)).status == 302)
        #expect(server.requests.count == 1)
    }

    @Test func anAnswerThatIsTooLargeEndsTheTransfer() throws {
        let body = String(repeating: "x", count: HTTPTransport.maximumBody + 1)
        let server = try FakeServer([FakeServer.answer("200 OK", body: body)])
        #expect(throws: ClientError.answerTooLarge) {
            _ = try HTTPTransport().send(ClientRequest("GET", server.url))
        }
    }

    @Test func theHeadIsBoundedToo() throws {
        let line = "X-Filler: \(String(repeating: "x", count: 8000))\r\n"
        let head = String(repeating: line, count: 10)
        let server = try FakeServer([FakeServer.answer("200 OK", head, body: "")])
        #expect(throws: ClientError.answerTooLarge) {
            _ = try HTTPTransport().send(ClientRequest("GET", server.url))
        }
    }

    @Test func aHeaderValueCannotBeginANewLine() throws {
        var request = ClientRequest("GET", "http://127.0.0.1:1")
        request.headers = [(name: "If-Match", value: "x\r\nX-Evil: 1")]
        #expect(throws: ClientError.invalidInput("a header value holds a character that HTTP does not allow")) {
            _ = try HTTPTransport().send(request)
        }
    }

    @Test(arguments: ["file:///etc/passwd", "http://example.com/", "gopher://127.0.0.1/"])
    func otherSchemesAndPlainHTTPElsewhereAreNeverSent(_ url: String) {
        #expect(throws: ClientError.self) { _ = try HTTPTransport().send(ClientRequest("GET", url)) }
    }

    @Test func aClosedPortIsUnreachable() throws {
        do throws(ClientError) {
            _ = try HTTPTransport().send(ClientRequest("GET", "http://127.0.0.1:1"))
            Issue.record("nothing listens there")
        } catch {
            #expect(error.description.hasPrefix("the broker cannot be reached"))
        }
    }

    @Test func aServerThatSaysItIsAnotherIssuerGetsNoAssertion() throws {
        let server = try FakeServer([
            FakeServer.answer("200 OK", body: #"{"issuer":"https://mayfly.example.com"}"#)
        ])
        #expect(throws: ClientError.issuerMismatch) { _ = try BrokerClient(url: server.url) }
        #expect(server.requests.count == 1)
        #expect(server.requests.first?.hasPrefix("GET /.well-known/oauth-authorization-server ") == true)
    }

    @Test func aTokenRequestIsAFormWithAnAssertionForTheIssuer() throws {
        let server = try FakeServer([
            FakeServer.answer("200 OK", body: #"{"access_token":"t","token_type":"Bearer","expires_in":300}"#)
        ])
        let client = try BrokerClient(url: server.url, issuer: "https://mayfly.example.com")
        var request = TokenRequest(scope: "a b", resources: ["tickets"])
        request.task = "t1"
        let answer = try client.requestToken(request, as: try credential())
        #expect(answer.token == "t")
        let sent = try #require(server.requests.first)
        #expect(sent.hasPrefix("POST /oauth2/token HTTP/1.1\r\n"))
        #expect(sent.contains("Content-Type: application/x-www-form-urlencoded\r\n"))
        #expect(sent.contains("\r\n\r\ngrant_type=client_credentials&scope=a%20b&resource=tickets&task=t1&"))
        #expect(
            sent.contains("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"))
        let assertion = try #require(sent.split(separator: "client_assertion=").last)
        let claims = try JWS.parse(Array(assertion.utf8)).claims()
        #expect(claims["aud"] == .string("https://mayfly.example.com"))
    }

    @Test func anAdministratorsTokenServesTheCallsOfItsPower() throws {
        let token = #"{"access_token":"TOKEN","token_type":"Bearer","expires_in":60}"#
        let page = #"{"agents":[{"id":"agent:b"}],"next_cursor":"agent:b"}"#
        let last = #"{"agents":[{"id":"agent:c"}]}"#
        let server = try FakeServer([token, page, last].map { FakeServer.answer("200 OK", body: $0) })
        let client = try BrokerClient(url: server.url, issuer: server.url)
        let admin = AdminSession(client: client, credential: try credential())
        let records = try admin.list("/api/v1/agents", "agents")
        #expect(records.compactMap { $0["id"]?.stringValue } == ["agent:b", "agent:c"])
        #expect(server.requests.count == 3)
        #expect(server.requests.first?.contains("scope=mayfly.read") == true)
        #expect(server.requests.last?.contains("Authorization: Bearer TOKEN\r\n") == true)
        #expect(server.requests.last?.hasPrefix("GET /api/v1/agents?limit=500&cursor=agent%3Ab ") == true)
    }

    @Test func aServerThatRepeatsItsCursorDoesNotHoldUs() throws {
        let token = #"{"access_token":"TOKEN","token_type":"Bearer","expires_in":60}"#
        let page = #"{"agents":[],"next_cursor":"x"}"#
        let server = try FakeServer([token, page, page].map { FakeServer.answer("200 OK", body: $0) })
        let client = try BrokerClient(url: server.url, issuer: server.url)
        let admin = AdminSession(client: client, credential: try credential())
        #expect(throws: ClientError.unexpectedAnswer(status: 200)) { _ = try admin.list("/api/v1/agents", "agents") }
    }
}
