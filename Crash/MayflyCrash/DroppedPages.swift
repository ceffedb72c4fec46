internal import Glibc

/// Bytes of the write-ahead log that a failed sync left readable, and which the disk never gets.
struct DroppedPages {
    private let path: String
    private let offset: Int
    /// What is read there, until somebody writes it again.
    private let cached: [UInt8]
    /// What the disk holds there.
    private let kept: [UInt8]

    var count: Int { cached.count }

    /// Finds out what was written and not synced, after the process has died; takes the record of it away.
    init(_ control: FaultControl, database: String) throws(CrashError) {
        path = database + "-wal"
        let undo = control.path + ".undo.wal"
        let records = try PowerCut.records(undo)
        unlink(undo)
        let now = try Files.bytes(path)
        var before = now
        for record in records.reversed() {
            let end = min(before.count, record.offset + record.bytes.count)
            if record.offset < end {
                before.replaceSubrange(record.offset..<end, with: record.bytes.prefix(end - record.offset))
            }
            before.removeLast(max(0, before.count - record.size))
        }
        offset = records.map(\.offset).min() ?? now.count
        cached = Array(now.dropFirst(offset))
        // Past the old end of the file a hole remains.
        let rest = Array(before.dropFirst(offset))
        kept = rest + [UInt8](repeating: 0, count: max(0, cached.count - rest.count))
    }

    /// The power goes: what nobody has written again since is not there.
    func drop() throws(CrashError) {
        guard Array(try Files.bytes(path).dropFirst(offset).prefix(cached.count)) == cached else { return }
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw CrashError("cannot open \(path)") }
        defer { close(file) }
        let count = kept.withUnsafeBytes { pwrite(file, $0.baseAddress, cached.count, offset) }
        guard count == cached.count else { throw CrashError("cannot drop pages") }
    }
}
