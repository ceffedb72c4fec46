import MayflyModel

extension BenchSite {
    /// Mints one token for each request, many at a time, so that they share commits.
    func tokens(_ requests: [HTTPRequestBytes]) throws(BenchError) -> [String] {
        var connections: [HTTPConnection] = []
        for _ in 0..<min(32, requests.count) { connections.append(try HTTPConnection(port: port)) }
        var tokens: [String] = []
        for start in stride(from: 0, to: requests.count, by: max(connections.count, 1)) {
            let batch = requests[start..<min(start + connections.count, requests.count)]
            for (request, connection) in zip(batch, connections) { try connection.send(request) }
            for (_, connection) in zip(batch, connections) { tokens.append(try Self.token(in: connection.receive())) }
        }
        return tokens
    }

    /// The access token in an answer.
    static func token(in answer: HTTPConnection.Answer) throws(BenchError) -> String {
        guard answer.status == 200, let token = (try? JSONParser.parseObject(answer.body))?["access_token"]?.stringValue
        else { throw BenchError("a token request was answered \(answer.status)") }
        return token
    }
}
