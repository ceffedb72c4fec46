import MayflyModel
import Testing

@Suite struct Base64Tests {
    /// RFC 4648 §10.
    private static let vectors = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: vectors)
    func `published texts encode and decode`(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test func `every length and byte survives a round trip`() {
        for count in 0..<260 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ count) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode([0xFB, 0xEF, 0xFF]) == "++//")
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Zg====", "=", "====", "Z===", "A===", "Zg==Zg==", "Zh==", "Zm9=", "Zm8=\n", " Zm8",
        "Zm-_", "Zm9v\r\n", "Zm8\u{0}", "Zm==8", "Zg=A", "ZmÃ8",
    ])
    func `a text that is not the one spelling of its bytes is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
