import Glibc
import MayflyModel

/// A listening TCP socket on 127.0.0.1.
final class ListeningSocket {
    private let descriptor: Int32
    let port: UInt16

    init(port: UInt16 = 0) throws {
        let descriptor = try tcpSocket()
        self.descriptor = descriptor
        var address = loopback(port)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        self.port = UInt16(bigEndian: address.sin_port)
        guard status == 0, named == 0, listen(descriptor, 8) == 0 else {
            let error = HarnessError.system("cannot listen on port \(port)")
            Glibc.close(descriptor)
            throw error
        }
    }

    func close() { Glibc.close(descriptor) }
}

/// One connection to a server on this machine, byte by byte.
final class HTTPConnection {
    private let descriptor: Int32
    private var received: [UInt8] = []
    private var isAtEnd = false

    init(port: UInt16) throws {
        let descriptor = try tcpSocket()
        self.descriptor = descriptor
        var address = loopback(port)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw HarnessError.system("cannot connect to port \(port)") }
    }

    deinit { close(descriptor) }

    /// Sends what the other side takes; false when it has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Says that nothing more will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next answer; nil when the server closed without one.
    func answer(isHead: Bool = false, seconds: Int32 = 30) throws -> HTTPAnswer? {
        while true {
            if let (answer, length) = HTTPAnswer.first(in: received, isHead: isHead) {
                received.removeFirst(length)
                if (100..<200).contains(answer.status) { continue }
                return answer
            }
            if isAtEnd { return nil }
            try receive(seconds)
        }
    }

    /// What has come of a question.
    enum Arrival {
        case answer(HTTPAnswer)
        case nothingYet
        /// The server closed without an answer.
        case closed
    }

    /// Waits for the next answer, and no longer.
    func arrival(milliseconds: Int32) -> Arrival {
        let end = ContinuousClock.now + .milliseconds(Int(milliseconds))
        while true {
            if let (answer, length) = HTTPAnswer.first(in: received, isHead: false) {
                received.removeFirst(length)
                return .answer(answer)
            }
            if isAtEnd { return .closed }
            let left = Int32(max(0, (end - .now) / .milliseconds(1)))
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, left) > 0 else { return .nothingYet }
            receive()
        }
    }

    /// Waits until the server closes.
    func waitForEnd(seconds: Int32 = 60) throws {
        while !isAtEnd { try receive(seconds) }
    }

    private func receive(_ seconds: Int32) throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, seconds * 1000) > 0 else { throw HarnessError("no answer within \(seconds) s") }
        receive()
    }

    private func receive() {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &piece, piece.count, 0)
        // A reset ends the connection like a close does.
        if count > 0 { received += piece.prefix(count) } else { isAtEnd = true }
    }
}

/// An answer with its body.
struct HTTPAnswer: CustomStringConvertible {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var description: String { "HTTP \(status) \(headers.map { "\($0.name): \($0.value)" }) \(text)" }

    /// The body as a JSON object; empty when it is none.
    var object: JSONObject { (try? JSONParser.parseObject(body)) ?? [:] }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    subscript(name: String) -> String? { object[name]?.stringValue }

    /// The first complete answer in `bytes`, and how many bytes it takes.
    static func first(in bytes: [UInt8], isHead: Bool) -> (HTTPAnswer, Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (String(line[..<colon]), String(value))
        }
        let declared = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        let length = isHead || (100..<200).contains(status) || status == 204 ? 0 : declared
        guard bytes.count - end.upperBound >= length else { return nil }
        let body = Array(bytes[end.upperBound..<(end.upperBound + length)])
        return (HTTPAnswer(status: status, headers: headers, body: body), end.upperBound + length)
    }
}

/// Plain requests, each on a connection of its own.
enum HTTP {
    /// `closes` asks the server to close after the answer.
    static func bytes(
        _ method: String, _ target: String, _ headers: [(String, String)] = [], _ body: [UInt8] = [],
        closes: Bool = true
    ) -> [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n" + (closes ? "Connection: close\r\n" : "")
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty || method == "POST" || method == "PUT" { text += "Content-Length: \(body.count)\r\n" }
        return Array((text + "\r\n").utf8) + body
    }

    static func send(
        _ method: String, _ target: String, _ headers: [(String, String)] = [], _ body: [UInt8] = [], to port: UInt16
    ) throws -> HTTPAnswer {
        let connection = try HTTPConnection(port: port)
        connection.send(bytes(method, target, headers, body))
        guard let answer = try connection.answer(isHead: method == "HEAD") else {
            throw HarnessError("\(method) \(target): the server closed without an answer")
        }
        return answer
    }

    static func get(_ target: String, _ headers: [(String, String)] = [], from port: UInt16) throws -> HTTPAnswer {
        try send("GET", target, headers, to: port)
    }
}

private func tcpSocket() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw HarnessError.system("cannot make a socket") }
    return descriptor
}

private func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
