import MayflyBroker
import MayflyCrypto
import MayflyLedger
import MayflyModel

/// `/api/v1/ledger`: what happened, and the proof that it was not changed since.
enum LedgerAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/ledger", "Search the ledger, newest first", access: .read, success: (200, "LedgerPage"),
            query: [
                "event", "outcome", "agent", "owner", "resource", "task", "trace", "token", "since", "until", "limit",
                "cursor",
            ]
        ) { call throws(Failure) in
            let query = try query(call.request)
            let page = try broker { () throws(BrokerError) in try call.broker.ledger.page(matching: query) }
            var object: JSONObject = ["entries": .array(page.entries.map { .object(json($0)) })]
            object["next_cursor"] = page.next.map { .string(String($0)) }
            return .reply(AdminReply.object(object))
        },
        Endpoint(
            "GET", "/api/v1/ledger/entries", "Read entries as they are stored, in order", access: .read,
            success: (200, "LedgerRange"), query: ["from", "limit"]
        ) { call throws(Failure) in
            let from = try number("from", call.request) ?? 0
            let size = UInt64(try Page.size(call.request))
            let (end, overflow) = from.addingReportingOverflow(size)
            let range = from..<(overflow ? .max : end)
            let entries = try broker { () throws(BrokerError) in try call.broker.ledger.entries(in: range) }
            return .reply(AdminReply.object(["entries": .array(entries.map { .object(raw($0)) })]))
        },
        Endpoint(
            "GET", "/api/v1/ledger/checkpoint", "A signed checkpoint of the whole ledger (C2SP signed note)",
            access: .read, success: (200, nil)
        ) { call throws(Failure) in
            let note = try broker { () throws(BrokerError) in try call.broker.ledger.checkpoint() }
            return .reply(
                HTTPReply(
                    status: 200, contentType: .utf8Text,
                    body: Array(note.encoded().utf8)))
        },
        Endpoint(
            "GET", "/api/v1/ledger/key", "The key that verifies checkpoints (C2SP verifier key)",
            success: (200, "LedgerKey")
        ) { call throws(Failure) in
            .reply(AdminReply.object(["verifier_key": .string(call.broker.ledger.verifierKey.text)]))
        },
        Endpoint(
            "GET", "/api/v1/ledger/inclusion", "The proof that an entry is in the tree (RFC 9162 §2.1.3)",
            access: .read, success: (200, "Proof"), query: ["index", "size"]
        ) { call throws(Failure) in
            guard let index = try number("index", call.request), let size = try number("size", call.request) else {
                throw .badQuery("index and size are needed")
            }
            let proof = try broker { () throws(BrokerError) in
                try call.broker.ledger.inclusionProof(of: index, size: size)
            }
            return .reply(Self.proof(proof))
        },
        Endpoint(
            "GET", "/api/v1/ledger/consistency", "The proof that the tree only grew (RFC 9162 §2.1.4)",
            access: .read, success: (200, "Proof"), query: ["from", "to"]
        ) { call throws(Failure) in
            guard let from = try number("from", call.request), let to = try number("to", call.request) else {
                throw .badQuery("from and to are needed")
            }
            let proof = try broker { () throws(BrokerError) in
                try call.broker.ledger.consistencyProof(from: from, to: to)
            }
            return .reply(Self.proof(proof))
        },
    ]

    private static func proof(_ hashes: [SHA256Digest]) -> HTTPReply {
        AdminReply.object(["hashes": .array(hashes.map { .string(Base64URL.encode($0.bytes)) })])
    }

    /// An entry for reading: its index, and what it says.
    private static func json(_ entry: LedgerEntry) -> JSONObject {
        let said = (try? JSONParser.parse(entry.bytes)) ?? .null
        return ["index": .string(String(entry.index)), "entry": said]
    }

    /// An entry for checking: the exact bytes, and the stored leaf hash.
    private static func raw(_ entry: LedgerEntry) -> JSONObject {
        [
            "index": .string(String(entry.index)), "bytes": .string(Base64URL.encode(entry.bytes)),
            "leaf": .string(Base64URL.encode(entry.leafHash.bytes)),
        ]
    }

    private static func query(_ request: HTTPRequest) throws(Failure) -> LedgerQuery {
        var query = LedgerQuery(limit: try Page.size(request))
        query.event = try Page.query("event", request)
        query.outcome = try Page.query("outcome", request)
        query.agent = try Page.query("agent", request).map { AgentID(lenient: $0)?.text ?? $0 }
        query.owner = try Page.query("owner", request).map { OwnerID(lenient: $0)?.text ?? $0 }
        query.resource = try Page.query("resource", request)
        query.task = try Page.query("task", request)
        query.trace = try Page.query("trace", request)
        query.token = try Page.query("token", request)
        query.since = try time("since", request)
        query.until = try time("until", request)
        query.before = try number("cursor", request)
        return query
    }

    private static func time(_ name: String, _ request: HTTPRequest) throws(Failure) -> Timestamp? {
        guard let text = try Page.query(name, request) else { return nil }
        guard let time = RFC3339.parse(text) else { throw .badQuery("\(name) is an RFC 3339 time") }
        return time
    }

    private static func number(_ name: String, _ request: HTTPRequest) throws(Failure) -> UInt64? {
        guard let text = try Page.query(name, request) else { return nil }
        guard let number = UInt64(text), number <= UInt64(Int64.max) else { throw .badQuery("\(name) is a number") }
        return number
    }

    private static func broker<Value>(_ read: () throws(BrokerError) -> Value) throws(Failure) -> Value {
        do {
            return try read()
        } catch {
            throw .broker(error)
        }
    }
}
