internal import Glibc

/// What the kernel says of this process; a fact that it will not tell is nil and left out.
struct ProcessFacts {
    let processorSeconds: Double
    let residentBytes: UInt64?
    let openDescriptors: UInt64?
    let startSeconds: Double?

    static func read() -> ProcessFacts {
        ProcessFacts(
            processorSeconds: Double(MonotonicTime.processorTime()) / 1e9,
            residentBytes: residentBytes(), openDescriptors: openDescriptors(), startSeconds: startSeconds)
    }

    private static func residentBytes() -> UInt64? {
        let fields = text("/proc/self/statm").split(separator: " ")
        guard fields.count > 1, let pages = UInt64(fields[1]) else { return nil }
        return pages.multipliedReportingOverflow(by: UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))).partialValue
    }

    private static func openDescriptors() -> UInt64? {
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(folder) }
        var entries: UInt64 = 0
        while unsafe readdir(folder) != nil { entries += 1 }
        // Not `.`, `..` and the descriptor that reads the folder.
        return entries >= 3 ? entries - 3 : nil
    }

    /// When the process began, in seconds since 1970; it does not change.
    private static let startSeconds: Double? = {
        // The second field is the program's name in parentheses, which may hold anything.
        let stat = text("/proc/self/stat")
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        let line = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard let boot = line.flatMap({ Double($0.dropFirst(6)) }) else { return nil }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()

    private static func text(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
