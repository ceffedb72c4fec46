import Dispatch
import Glibc
import Synchronization

/// Answers each connection's requests with prepared bytes, in order, and remembers what came in.
final class FakeServer: Sendable {
    let url: String
    private let listener: Int32
    private let heads = Mutex<[String]>([])

    /// One answer for each request; the connection closes after the last one.
    init(_ answers: [String]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard listener >= 0, isBound else { throw Failure.noSocket }
        self.listener = listener
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        DispatchQueue.global().async { [self] in serve(answers) }
    }

    enum Failure: Error { case noSocket }

    deinit { close(listener) }

    /// The requests so far, heads and bodies.
    var requests: [String] { heads.withLock { $0 } }

    private func serve(_ answers: [String]) {
        let connection = accept(listener, nil, nil)
        defer { close(connection) }
        for answer in answers {
            guard let request = read(connection) else { return }
            heads.withLock { $0.append(request) }
            let bytes = Array(answer.utf8)
            var done = 0
            while done < bytes.count {
                let count = bytes.withUnsafeBytes {
                    send(
                        connection, $0.baseAddress?.advanced(by: done), bytes.count - done, Int32(MSG_NOSIGNAL)
                    )
                }
                guard count > 0 else { return }
                done += count
            }
        }
    }

    private func read(_ connection: Int32) -> String? {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = text.range(of: "\r\n\r\n") {
                let length = text[..<end.lowerBound].split(separator: "\r\n")
                    .first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
                if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }

    static func answer(_ status: String, _ headers: String = "", body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }
}

extension String {
    /// The first place of `part`, by bytes.
    fileprivate func range(of part: String) -> Range<String.Index>? {
        let needle = Array(part.utf8)
        var start = utf8.startIndex
        while start != utf8.endIndex {
            if utf8[start...].starts(with: needle) { return start..<utf8.index(start, offsetBy: needle.count) }
            start = utf8.index(after: start)
        }
        return nil
    }
}
