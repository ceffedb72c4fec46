internal import Glibc
import MayflyCrypto
import MayflyModel
import Testing

/// Reads the published test data under `Tests/Vectors`.
enum Vectors {
    static func read(_ name: String, from source: String = #filePath) throws -> JSONObject {
        let tests = source.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        return try JSONParser.parseObject(try file("\(tests)/Vectors/\(name)"))
    }

    private static func file(_ path: String) throws -> [UInt8] {
        let handle = try #require(fopen(path, "r"), "missing \(path)")
        defer { fclose(handle) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, handle)
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }
}

extension JSONObject {
    func text(_ name: String) throws -> String { try #require(self[name]?.stringValue, "no text \(name)") }
    func object(_ name: String) throws -> JSONObject { try #require(self[name]?.objectValue, "no object \(name)") }
    func objects(_ name: String) throws -> [JSONObject] {
        try #require(self[name]?.arrayValue, "no array \(name)").map { try #require($0.objectValue) }
    }

    /// This object with one member set, or removed by nil.
    func with(_ name: String, _ value: JSONValue?) -> JSONObject {
        var copy = self
        copy[name] = value
        return copy
    }
}

/// The bytes of a hexadecimal text of even length.
func bytes(hex: String) throws -> [UInt8] {
    let digits = try hex.map { UInt8(try #require($0.hexDigitValue)) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// A repeatable generator (SplitMix64); a failing test prints the seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
