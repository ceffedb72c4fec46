import Glibc

/// Why the harness itself could not do its work.
struct HarnessError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static func system(_ what: String) -> HarnessError {
        HarnessError("\(what): \(String(cString: strerror(errno)))")
    }
}

/// A folder of one test, removed with everything in it when the test ends.
final class TemporaryFolder {
    let path: String

    init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/mayfly-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw HarnessError.system("cannot make a temporary folder") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        Files.removeTree(path)
    }
}

/// Files of the checkout and of a test's folder.
enum Files {
    /// The folder that holds Package.swift.
    static let repository = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        .joined(separator: "/")

    /// Bytes of the file.
    static func size(_ path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw HarnessError.system("no file \(path)") }
        return Int(status.st_size)
    }

    /// The folder into which the tests and the programs are built.
    static func products() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw HarnessError.system("cannot find this program") }
        let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let stream = fopen(path, "rb") else { throw HarnessError.system("cannot open \(path)") }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&piece, 1, piece.count, stream), count > 0 { bytes += piece.prefix(count) }
        return bytes
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws {
        guard let stream = fopen(path, "wb") else { throw HarnessError.system("cannot write \(path)") }
        let count = fwrite(bytes, 1, bytes.count, stream)
        guard fclose(stream) == 0, count == bytes.count else { throw HarnessError.system("cannot write \(path)") }
        try setMode(mode, of: path)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func makeFolder(_ path: String, mode: mode_t) throws {
        guard mkdir(path, mode) == 0 else { throw HarnessError.system("cannot make \(path)") }
        try setMode(mode, of: path)
    }

    /// The names in a folder, sorted.
    static func list(_ path: String) throws -> [String] {
        guard let folder = opendir(path) else { throw HarnessError.system("cannot open \(path)") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a folder and what is in it, without following links.
    static func removeTree(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in (try? list(path)) ?? [] { removeTree("\(path)/\(name)") }
        }
        remove(path)
    }

    static func setMode(_ mode: mode_t, of path: String) throws {
        guard chmod(path, mode) == 0 else { throw HarnessError.system("cannot set the mode of \(path)") }
    }

    /// Replaces one line's text in a file that must hold it.
    static func replace(_ old: String, with new: String, in path: String) throws {
        let text = try text(path)
        guard let range = text.firstRange(of: old) else { throw HarnessError("\(path) does not hold \(old)") }
        try write(text.replacingCharacters(in: range, with: new), to: path, mode: 0o644)
    }
}

extension String {
    func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
