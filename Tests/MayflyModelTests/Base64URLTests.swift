import MayflyModel
import Testing

@Suite struct Base64URLTests {
    /// RFC 4648 §10 without padding, and RFC 7515 §C.
    static let vectors: [([UInt8], String)] = [
        (Array("".utf8), ""), (Array("f".utf8), "Zg"), (Array("fo".utf8), "Zm8"), (Array("foo".utf8), "Zm9v"),
        (Array("foob".utf8), "Zm9vYg"), (Array("fooba".utf8), "Zm9vYmE"), (Array("foobar".utf8), "Zm9vYmFy"),
        ([3, 236, 255, 224, 193], "A-z_4ME"), ([0], "AA"), ([0xFF], "_w"), ([0xFF, 0xFF, 0xFF], "____"),
    ]

    @Test(arguments: vectors)
    func matchesTheVectors(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.encodedBytes(bytes) == Array(text.utf8))
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(arguments: [
        "A", "AAAAA", "Zg==", "Zg=", "Zh", "Zm9", "_x", "A+z/4ME", "Zg\n", " Zg", "Z g", "Zg\0", "Zé", "Zm9v=", "====",
        "Zm9vYh", "Zm9vYmF",
    ])
    func refusesEverySecondSpelling(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test(arguments: [0x6D61_7966_6C79, 4] as [UInt64])
    func whatDecodesEncodesToTheSameText(seed: UInt64) {
        print("seed \(seed)")
        var random = InputRandom(seed: seed)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+".utf8)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...50, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            let text = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            if let decoded = Base64URL.decode(text) { #expect(Base64URL.encodedBytes(decoded) == text) }
            #expect(Base64URL.decode(bytes).map { Base64URL.encodedBytes($0) == bytes } ?? true)
        }
    }
}
