internal import Glibc

/// Takes the store's files back to what a disk is bound to hold after the power went.
///
/// A write that no sync followed may or may not have reached the disk, whatever came after it: each is undone by a toss
/// of the coin, or all of them are.
enum PowerCut {
    /// Undoes what is in the undo files of `control` on the store at `database`; answers how many writes were lost.
    static func apply(
        _ control: FaultControl, database: String, all: Bool, using seed: inout Seed
    ) throws(CrashError) -> Int {
        var lost = 0
        for (name, path) in [("db", database), ("wal", database + "-wal")] {
            let undo = control.path + ".undo." + name
            let records = try records(undo)
            unlink(undo)
            let file = open(path, O_RDWR | O_CLOEXEC)
            // A log that a clean close has removed has nothing to lose.
            guard file >= 0 else { continue }
            defer { close(file) }
            for record in records.reversed() where all || seed.chance(50) {
                let count = record.bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, record.offset) }
                guard count == record.bytes.count, ftruncate(file, record.size) == 0 else {
                    throw CrashError("cannot undo a write")
                }
                lost += 1
            }
        }
        // What every process maps together is gone with the machine.
        unlink(database + "-shm")
        return lost
    }

    struct Record {
        let offset: Int
        /// Of the file, before the write.
        let size: Int
        let bytes: [UInt8]
    }

    static func records(_ path: String) throws(CrashError) -> [Record] {
        // A process that was killed before it had begun has written nothing.
        guard access(path, F_OK) == 0 else { return [] }
        let bytes = try Files.bytes(path)
        var records: [Record] = []
        var at = 0
        func number(_ index: Int) -> Int {
            bytes[(at + index * 8)..<(at + index * 8 + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        while at + 24 <= bytes.count {
            let length = number(2)
            // The last record may have been cut with the process, and then its write did not begin.
            guard at + 24 + length <= bytes.count else { break }
            records.append(
                Record(offset: number(0), size: number(1), bytes: Array(bytes[(at + 24)..<(at + 24 + length)])))
            at += 24 + length
        }
        return records
    }
}

/// Whole files, and folders.
enum Files {
    static func bytes(_ path: String) throws(CrashError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CrashError("cannot open \(path)") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &piece, piece.count), count > 0 { bytes += piece.prefix(count) }
        return bytes
    }

    static func text(_ path: String) throws(CrashError) -> String { String(decoding: try bytes(path), as: UTF8.self) }

    static func names(_ path: String) throws(CrashError) -> [String] {
        guard let folder = opendir(path) else { throw CrashError("cannot open \(path)") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }
}
