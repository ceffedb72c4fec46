package import MayflyModel
internal import MayflyCrypto
internal import Synchronization

/// The side of an administrator, or of an owner who approves: signs in with a key, gets a token for a minute, calls the
/// REST API.
package final class AdminSession: Sendable {
    /// What a call needs.
    package enum Power: String, Sendable {
        case read = "mayfly.read"
        case admin = "mayfly.admin"
        case approve = "mayfly.approve"
    }

    /// What a session needs for reading, and for changing something.
    package struct Powers: Sendable {
        package static let administrator = Powers(read: .read, change: .admin)
        package static let approver = Powers(read: .approve, change: .approve)

        let read: Power
        let change: Power
    }

    private struct Held {
        let token: String
        let until: Timestamp
    }

    package let client: BrokerClient
    private let credential: AgentCredential
    private let powers: Powers
    private let clock: any WallClock
    /// One per power, so that a listing of many pages costs one token.
    private let held = Mutex<[Power: Held]>([:])

    /// Seconds before its end from which a token is not used any more.
    private static let margin: Int64 = 10

    package convenience init(client: BrokerClient, credential: AgentCredential, powers: Powers = .administrator) {
        self.init(client: client, credential: credential, powers: powers, clock: SystemClock())
    }

    init(
        client: BrokerClient, credential: AgentCredential, powers: Powers = .administrator, clock: any WallClock
    ) {
        (self.client, self.credential, self.powers, self.clock) = (client, credential, powers, clock)
    }

    /// Reads one JSON object.
    package func get(_ path: String, query: [(String, String?)] = []) throws(ClientError) -> JSONObject {
        try AnswerReader.object(try call("GET", path, query: query, power: powers.read))
    }

    /// Reads a text.
    package func text(_ path: String) throws(ClientError) -> [UInt8] {
        let answer = try call("GET", path, power: powers.read)
        try AnswerReader.check(answer)
        return answer.body
    }

    /// Changes something; answers the JSON object of the answer, or an empty one when it has none.
    @discardableResult
    package func change(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: JSONObject? = nil,
        ifMatch: String? = nil
    ) throws(ClientError) -> JSONObject {
        let answer = try call(method, path, query: query, body: body, ifMatch: ifMatch, power: powers.change)
        if answer.status == 204 { return [:] }
        return try AnswerReader.object(answer)
    }

    /// Reads every record of a listing, page by page.
    package func list(
        _ path: String, _ member: String, query: [(String, String?)] = []
    ) throws(ClientError) -> [JSONObject] {
        var records: [JSONObject] = []
        var cursor: String?
        repeat {
            let page = try get(path, query: query + [("limit", "500"), ("cursor", cursor)])
            guard let elements = page[member]?.arrayValue else { throw .unexpectedAnswer(status: 200) }
            records += elements.compactMap(\.objectValue)
            let next = page["next_cursor"]?.stringValue
            // A server that repeats itself must not hold us for ever.
            guard next == nil || next != cursor else { throw .unexpectedAnswer(status: 200) }
            cursor = next
        } while cursor != nil
        return records
    }

    /// Sends a request with a token of the power that it needs.
    package func call(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: JSONObject? = nil,
        ifMatch: String? = nil, power: Power
    ) throws(ClientError) -> ClientAnswer {
        var headers = [(name: "Authorization", value: "Bearer " + (try token(for: power)))]
        if let ifMatch { headers.append((name: "If-Match", value: ifMatch)) }
        if body != nil { headers.append(BrokerClient.jsonType) }
        var form = FormBody()
        for (name, value) in query { form.add(name, value) }
        let target = form.bytes.isEmpty ? path : path + "?" + form.text
        return try client.send(
            method, target, headers: headers, body: body.map { JSONWriter.bytes(of: .object($0)) })
    }

    private func token(for power: Power) throws(ClientError) -> String {
        let now = clock.now()
        if let held = held.withLock({ $0[power] }), now < held.until { return held.token }
        let answer = try client.requestToken(TokenRequest(scope: power.rawValue), as: credential)
        let until = now.advanced(bySeconds: Int64(answer.expiresIn) - Self.margin)
        held.withLock { $0[power] = Held(token: answer.token, until: until) }
        return answer.token
    }
}
