import Glibc

/// A TCP client that sends exactly the bytes it is given.
///
/// Reads give up after a minute: other tests may have the processors for many seconds.
final class RawClient {
    struct Response: Equatable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Failure: Error {
        let message: String
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure(message: "connect: errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// Sends everything; false when the peer has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool {
        send(Array(text.utf8))
    }

    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    func setReceiveBuffer(_ bytes: Int32) {
        var size = bytes
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Reads more; false at the end of the stream or on a reset.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == EAGAIN { throw Failure(message: "no answer in a minute") }
        guard count > 0 else { return false }
        buffer += chunk[..<count]
        return true
    }

    /// Reads until the peer closes.
    func readToEnd() throws -> [UInt8] {
        while try fill() {}
        defer { buffer = [] }
        return buffer
    }

    /// Waits for the peer to close without sending more.
    func isClosed() throws -> Bool {
        try readToEnd().isEmpty
    }

    /// Reads one response; `head` for an answer to HEAD.
    ///
    /// Interim responses are skipped.
    func response(head: Bool = false) throws -> Response {
        while true {
            var end: Int?
            while true {
                end = buffer.indices.first { buffer[$0...].starts(with: [13, 10, 13, 10]) }
                if end != nil { break }
                guard try fill() else { throw Failure(message: "closed before a response") }
            }
            guard let end else { continue }
            let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
            buffer.removeFirst(end + 4)
            let status = lines.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
            guard status >= 200 else { continue }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            }
            let length = head ? 0 : Int(headers["content-length"] ?? "0") ?? 0
            while buffer.count < length {
                guard try fill() else { throw Failure(message: "closed inside a body") }
            }
            let body = Array(buffer.prefix(length))
            buffer.removeFirst(length)
            return Response(status: status, headers: headers, body: body)
        }
    }

    /// Whether the server says that the body may come (RFC 9110 §10.1.1).
    func mayContinue() throws -> Bool {
        let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        while buffer.count < interim.count, try fill() {}
        guard buffer.starts(with: interim) else { return false }
        buffer.removeFirst(interim.count)
        return true
    }

    /// Sends a request and reads its response.
    func exchange(_ text: String, head: Bool = false) throws -> Response {
        send(text)
        return try response(head: head)
    }
}
