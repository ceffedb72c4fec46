internal import Dispatch
internal import MayflyBroker
internal import MayflyModel
internal import MayflyServer
internal import Synchronization

/// What came back from a request.
struct Answer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONObject { (try? JSONParser.parseObject(body)) ?? [:] }
    subscript(name: String) -> JSONValue? { json[name] }
    func string(_ name: String) -> String? { json[name]?.stringValue }
    var error: String? { string("error") }
    var accessToken: String { string("access_token") ?? "" }
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

extension BrokerHandler {
    /// Hands a request to the endpoints, and waits for its answer.
    func send(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: String = "",
        from address: String = "127.0.0.1", showing certificate: PresentedCertificate? = nil
    ) throws -> Answer {
        let pending = try begin(method, target, headers: headers, body: body, from: address, showing: certificate)
        return pending.wait()
    }

    /// Hands a request to the endpoints without waiting for a parked answer.
    func begin(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: String = "",
        from address: String = "127.0.0.1", showing certificate: PresentedCertificate? = nil
    ) throws -> PendingAnswer {
        let request = try HTTPRequest(
            method: method, target: target, headers: headers, body: Array(body.utf8), remoteAddress: address,
            peerCertificate: certificate)
        let pending = PendingAnswer()
        switch handle(request) {
        case .reply(let reply): pending.arrive(reply)
        case .parked(let start):
            start(ParkedReply(observer: { pending.arrive($0) }, whenAbandoned: { HTTPReply(status: 599) }))
        }
        return pending
    }
}

/// An answer that may still be on its way.
final class PendingAnswer: Sendable {
    private let reply = Mutex<HTTPReply?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    func arrive(_ reply: HTTPReply) {
        self.reply.withLock { $0 = reply }
        arrived.signal()
    }

    func wait() -> Answer {
        arrived.wait()
        let reply = reply.withLock { $0 } ?? HTTPReply(status: 598)
        var headers: [(name: String, value: String)] = []
        reply.forEachHeader(closing: false) { headers.append(($0, $1)) }
        return Answer(status: reply.status, headers: headers, body: reply.body)
    }
}

/// Form fields in order, so that one may be sent twice.
typealias Form = [(String, String)]

enum Wire {
    static let formType = (name: "Content-Type", value: "application/x-www-form-urlencoded")
    static let jsonType = (name: "Content-Type", value: "application/json")

    static func encode(_ form: Form) -> String {
        form.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
    }

    static func escape(_ text: String) -> String {
        var output = ""
        for byte in text.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x2D || byte == 0x2E || byte == 0x5F
            if isPlain {
                output.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                output += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return output
    }

    static func basic(_ name: String, _ secret: String) -> String {
        "Basic " + Base64.encode(Array("\(name):\(secret)".utf8))
    }
}

/// Runs `body` on `count` threads at once; answers what each came to.
func concurrently<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Value) -> [Value] {
    let results = Mutex<[Value]>([])
    let group = DispatchGroup()
    for index in 0..<count {
        DispatchQueue(label: "test.\(index)").async(group: group) {
            let value = body(index)
            results.withLock { $0.append(value) }
        }
    }
    group.wait()
    return results.withLock { $0 }
}
