internal import Glibc

/// A blocking HTTP/1.1 connection to this machine, for steps that are not load.
final class HTTPConnection {
    struct Answer {
        let status: Int
        /// Head and body as they came.
        let bytes: [UInt8]
        let body: [UInt8]

        func contains(_ text: String) -> Bool { String(decoding: body, as: UTF8.self).contains(text) }
    }

    private let socket: Int32

    init(port: Int) throws(BenchError) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw BenchError("cannot connect to port \(port)") }
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(socket) }

    func exchange(_ request: HTTPRequestBytes) throws(BenchError) -> Answer {
        try send(request)
        return try receive()
    }

    func send(_ request: HTTPRequestBytes) throws(BenchError) {
        var sent = 0
        while sent < request.bytes.count {
            let count = request.bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError("the server closed a connection") }
            sent += count
        }
    }

    func receive() throws(BenchError) -> Answer {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var total: Int?
        var headEnd = 0
        while total.map({ bytes.count < $0 }) ?? true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { throw BenchError("the server closed a connection") }
            bytes += buffer[..<count]
            guard total == nil, let end = Self.headEnd(bytes) else { continue }
            headEnd = end
            total = end + (try Self.contentLength(bytes[..<end]))
        }
        let line = String(decoding: bytes.prefix(12), as: UTF8.self)
        guard let status = line.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw BenchError("an answer without a status")
        }
        return Answer(status: status, bytes: bytes, body: Array(bytes[headEnd...]))
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4) where bytes[index..<(index + 4)].elementsEqual([13, 10, 13, 10]) {
            return index + 4
        }
        return nil
    }

    private static func contentLength(_ head: ArraySlice<UInt8>) throws(BenchError) -> Int {
        for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            if let length = Int(parts[1].drop { $0 == " " }) { return length }
        }
        throw BenchError("an answer without Content-Length")
    }
}
