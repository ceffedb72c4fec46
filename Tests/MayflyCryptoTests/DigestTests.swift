import MayflyCrypto
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4 examples as published by NIST.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func sha256MatchesThePublishedExamples(text: String, hex: String) throws {
        let digest = SHA256.digest(of: Array(text.utf8))
        #expect(digest.bytes == (try bytes(hex: hex)))
        #expect(SHA256Digest(bytes: try bytes(hex: hex)) == digest)
    }

    @Test func randomBytesHaveTheAskedLengthAndDiffer() throws {
        #expect(try SecureRandom.bytes(0).isEmpty)
        let values = try (0..<64).map { _ in try SecureRandom.bytes(32) }
        #expect(values.allSatisfy { $0.count == 32 })
        #expect(Set(values).count == values.count)
    }

    @Test func aTokenIsUnpaddedBase64URL() throws {
        let token = try SecureRandom.token(byteCount: 32)
        #expect(token.utf8.count == 43)
        #expect(token.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
    }

    @Test(
        arguments: [
            ([], [], true), ([1, 2, 3], [1, 2, 3], true), ([1, 2, 3], [1, 2, 4], false), ([0], [], false),
            ([0x81, 0], [0x01, 0], false),
        ] as [([UInt8], [UInt8], Bool)])
    func constantTimeComparisonAnswersLikeEquality(left: [UInt8], right: [UInt8], equal: Bool) {
        #expect(ConstantTime.equal(left, right) == equal)
    }
}
