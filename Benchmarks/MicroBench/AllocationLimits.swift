internal import Glibc

/// The most allocations that each operation may take: a file of lines `NAME COUNT`.
struct AllocationLimits {
    private let limits: [(name: String, count: Int)]

    init(_ limits: [(String, Int)]) { self.limits = limits }

    init(path: String) throws(MicroError) {
        guard let file = fopen(path, "r") else { throw MicroError("cannot read \(path)") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        var limits: [(String, Int)] = []
        for line in String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            guard words.count == 2, let limit = Int(words[1]) else { throw MicroError("\(path): '\(line)'") }
            limits.append((String(words[0]), limit))
        }
        self.init(limits)
    }

    var names: [String] { limits.map(\.name) }

    subscript(name: String) -> Int? { limits.first { $0.name == name }?.count }

    func write(to path: String) throws(MicroError) {
        var text = "# Allocations per operation that `make bench-micro` allows. After a change that lowers one:\n"
        text += "# scripts/bench micro --record\n"
        text += "# Those of jws.sign and jws.verify are nearly all OpenSSL's own (3.0, Debian 12).\n"
        for limit in limits { text += "\(limit.name) \(limit.count)\n" }
        guard let file = fopen(path, "w") else { throw MicroError("cannot write \(path)") }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { throw MicroError("cannot write \(path)") }
    }
}
