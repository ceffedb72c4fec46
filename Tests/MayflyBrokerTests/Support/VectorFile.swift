internal import Glibc
internal import MayflyModel
internal import Testing

/// Reads the published test data under `Tests/Vectors`.
enum VectorFile {
    static func read(_ name: String) throws -> JSONObject {
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let handle = try #require(fopen("\(tests)/Vectors/\(name)", "r"), "missing \(name)")
        defer { fclose(handle) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, handle)
            guard count > 0 else { return try JSONParser.parseObject(bytes) }
            bytes += chunk[..<count]
        }
    }
}
