internal import Glibc

/// A new directory, removed with all that is in it when nobody holds it any more.
final class TemporaryDirectory {
    let path: String

    /// Makes it below the one named by TMPDIR, or /var/tmp, which is on a disk where /tmp may be in memory.
    init() throws(BenchError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
        var template = Array("\(parent)/mayfly-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchError("cannot make a directory in \(parent)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = try? ChildProcess.run(["rm", "-r", "--", path]) }
}
