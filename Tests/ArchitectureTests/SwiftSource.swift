import Glibc

/// One Swift file of the package, as text and as code alone.
struct SwiftSource {
    /// From the package's root.
    let path: String
    let text: String
    /// The lines of the text with comments and the contents of string literals left out.
    let code: [String]

    /// The first folder below `Sources` or `Tests`.
    var module: String { String(path.split(separator: "/").dropFirst().first ?? "") }

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = CodeOnly.lines(of: text)
    }

    /// The modules that the file imports, with the word `import` and what stands before it removed.
    var imports: [String] {
        code.compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"),
                words[..<place].allSatisfy({ $0.hasPrefix("@") || Self.accessWords.contains($0) })
            else { return nil }
            // `import struct Module.Name` names the module last, up to the dot.
            return words.last.map { String($0.prefix { $0 != "." }) }
        }
    }

    private static let accessWords: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
}

/// The files of the checkout.
enum Checkout {
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    /// Every Swift file below a folder of the root.
    static func swiftFiles(_ folder: String) -> [SwiftSource] {
        files(folder).filter { $0.hasSuffix(".swift") }.map { SwiftSource(path: $0, text: text($0)) }
    }

    /// Every file below a folder of the root, by its path from the root, sorted; hidden ones are left out.
    static func files(_ folder: String) -> [String] {
        guard let stream = opendir("\(root)/\(folder)") else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let path = "\(folder)/\(name)"
            found += entry.pointee.d_type == UInt8(DT_DIR) ? files(path) : [path]
        }
        return found.sorted()
    }

    static func text(_ path: String) -> String {
        guard let stream = fopen("\(root)/\(path)", "rb") else { return "" }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&piece, 1, piece.count, stream), count > 0 { bytes += piece.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
