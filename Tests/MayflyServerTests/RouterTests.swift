import MayflyServer
import Testing

@Suite struct RouterTests {
    private let router = Router<Int>([
        Route("GET", "/", 0),
        Route("GET", "/api/v1/agents", 1),
        Route("POST", "/api/v1/agents", 2),
        Route("DELETE", "/api/v1/agents/{id}", 4),
        Route("GET", "/api/v1/agents/{id}", 3),
        Route("GET", "/api/v1/agents/search", 5),
        Route("POST", "/api/v1/agents/{id}/keys/{key}", 6),
        Route("POST", "/oauth2/token", 7),
    ])

    private func found(_ method: String, _ segments: [String]) -> (Int, [String: String])? {
        guard case .match(let route, let parameters) = router.lookup(method: method, segments: segments) else {
            return nil
        }
        return (route.value, parameters)
    }

    @Test(arguments: [
        ("GET", [], 0), ("HEAD", [], 0), ("GET", ["api", "v1", "agents"], 1), ("POST", ["api", "v1", "agents"], 2),
        ("GET", ["api", "v1", "agents", "x"], 3), ("HEAD", ["api", "v1", "agents", "x"], 3),
        ("DELETE", ["api", "v1", "agents", "x"], 4), ("GET", ["api", "v1", "agents", "search"], 5),
        ("DELETE", ["api", "v1", "agents", "search"], 4), ("POST", ["oauth2", "token"], 7),
    ])
    func findsTheMostExactRoute(_ method: String, _ segments: [String], _ value: Int) {
        #expect(found(method, segments)?.0 == value)
    }

    @Test func givesParametersByName() {
        let match = found("POST", ["api", "v1", "agents", "agent:a/b", "keys", "k"])
        #expect(match?.0 == 6)
        #expect(match?.1 == ["id": "agent:a/b", "key": "k"])
    }

    @Test(arguments: [
        ["nothing"], ["api", "v1", "agents", ""], ["api", "v1", "agents", "x", "keys"], ["API", "v1", "agents"],
        ["api", "v1", "agents", "x", "keys", ""],
    ])
    func findsNothingElse(_ segments: [String]) {
        guard case .notFound = router.lookup(method: "GET", segments: segments) else {
            Issue.record("found")
            return
        }
    }

    @Test(arguments: [
        ("OPTIONS", ["oauth2", "token"], ["POST"]), ("GET", ["oauth2", "token"], ["POST"]),
        ("PATCH", ["api", "v1", "agents"], ["GET", "HEAD", "POST"]),
        ("PUT", ["api", "v1", "agents", "search"], ["DELETE", "GET", "HEAD"]), ("get", [], ["GET", "HEAD"]),
    ])
    func namesTheMethodsThatWouldDo(_ method: String, _ segments: [String], _ expected: [String]) {
        guard case .methodNotAllowed(let allow) = router.lookup(method: method, segments: segments) else {
            Issue.record("allowed")
            return
        }
        #expect(allow == expected)
    }

    @Test func listsItsRoutesAsDeclared() {
        #expect(router.routes.map(\.value) == [0, 1, 2, 4, 3, 5, 6, 7])
    }
}
