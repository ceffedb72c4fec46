internal import Glibc
package import MayflyBroker

extension ArchiveDirectory {
    package func removeOrphans(from first: UInt64) throws(SegmentError) {
        guard let stream = unsafe opendir(location) else {
            if errno == ENOENT { return }
            throw .cannotWrite(location: location, code: errno)
        }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard ArchiveName.isOrphan(name, from: first) else { continue }
            guard unsafe unlink(location + "/" + name) == 0 || errno == ENOENT else {
                throw .cannotWrite(location: location, code: errno)
            }
        }
    }
}

/// What a segment's file is called: `ledger-<first entry, 12 digits>-<number of entries>.segment`.
struct ArchiveName {
    static let draftSuffix = ".new"
    private static let prefix = "ledger-"
    private static let suffix = ".segment"

    let first: UInt64
    let count: UInt64

    init(first: UInt64, count: UInt64) {
        self.first = first
        self.count = count
    }

    /// Reads a name exactly as `text` writes it; nil for any other, so no name of ours leads to another folder.
    init?(_ name: String) {
        guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { return nil }
        let numbers = name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count).split(separator: "-")
        guard numbers.count == 2, let first = UInt64(numbers[0]), let count = UInt64(numbers[1]) else { return nil }
        self.init(first: first, count: count)
        guard text.utf8.elementsEqual(name.utf8) else { return nil }
    }

    var text: String {
        let digits = String(first)
        let padding = String(repeating: "0", count: max(0, 12 - digits.utf8.count))
        return Self.prefix + padding + digits + "-\(count)" + Self.suffix
    }

    /// Whether a file is a leftover when entries from `first` on are not archived.
    static func isOrphan(_ name: String, from first: UInt64) -> Bool {
        if name.hasSuffix(draftSuffix) { return ArchiveName(String(name.dropLast(draftSuffix.count))) != nil }
        return ArchiveName(name).map { $0.first >= first } ?? false
    }
}
