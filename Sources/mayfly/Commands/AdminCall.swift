import MayflyClient
import MayflyModel

/// An admin command under way: the session, and the REST calls in the command line's words.
struct AdminCall {
    let call: Invocation
    let session: AdminSession

    init(_ call: Invocation) throws(CommandError) {
        self.call = call
        session = try Connection.admin(call)
    }

    func get(_ path: String, query: [(String, String?)] = []) throws(CommandError) -> JSONObject {
        try Connection.attempt { () throws(ClientError) in try session.get(path, query: query) }
    }

    func list(_ path: String, _ member: String, query: [(String, String?)] = []) throws(CommandError) -> [JSONObject] {
        try Connection.attempt { () throws(ClientError) in try session.list(path, member, query: query) }
    }

    @discardableResult
    func change(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: JSONObject? = nil,
        ifMatch: String? = nil
    ) throws(CommandError) -> JSONObject {
        try Connection.attempt { () throws(ClientError) in
            try session.change(method, path, query: query, body: body, ifMatch: ifMatch)
        }
    }

    /// A record and the tag that a change of it must carry.
    func tagged(_ path: String) throws(CommandError) -> (record: JSONObject, tag: String) {
        try Connection.attempt { () throws(ClientError) in
            let answer = try session.call("GET", path, power: .read)
            let record = try AnswerReader.object(answer)
            guard let tag = answer.header("ETag") else { throw .unexpectedAnswer(status: answer.status) }
            return (record, tag)
        }
    }

    /// The path of one record, named by an argument with or without its kind.
    func path<K: IdentifierKind>(
        _ collection: String, _ argument: String, _ kind: Identifier<K>.Type
    ) throws(CommandError) -> (path: String, id: Identifier<K>) {
        guard let id = Identifier<K>(lenient: try call.requiredArgument(argument)) else {
            throw call.usage("\(argument) is not a name: \(K.prefix) and then 1 to 63 of a-z 0-9 . _ -")
        }
        return ("/api/v1/\(collection)/\(FormBody.segment(id.text))", id)
    }

    /// A body with the reason that the options give.
    var reason: JSONObject {
        var body = JSONObject()
        body["reason"] = call.value("reason").map { .string($0) }
        return body
    }
}

extension Option {
    static let reason = Option.value("reason", "TEXT", "why; the ledger keeps it")
}
