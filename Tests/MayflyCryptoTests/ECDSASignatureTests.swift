@testable import MayflyCrypto
import Testing

/// The two shapes of one P-256 signature.
@Suite struct ECDSASignatureTests {
    private static func number(_ tail: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: 32 - tail.count) + tail
    }

    /// A number of 32 bytes by its last bytes, and its INTEGER in DER.
    static let integers: [([UInt8], [UInt8])] = [
        ([1], [0x02, 0x01, 0x01]),
        ([0x7F], [0x02, 0x01, 0x7F]),
        ([0x80], [0x02, 0x02, 0x00, 0x80]),
        ([0x01, 0x00], [0x02, 0x02, 0x01, 0x00]),
        ([0xFF, 0xFF], [0x02, 0x03, 0x00, 0xFF, 0xFF]),
        ([UInt8](repeating: 0x11, count: 32), [0x02, 0x20] + [UInt8](repeating: 0x11, count: 32)),
        ([UInt8](repeating: 0xA5, count: 32), [0x02, 0x21, 0x00] + [UInt8](repeating: 0xA5, count: 32)),
    ]

    @Test(arguments: integers, integers)
    func numbersKeepTheirValueInDER(_ r: ([UInt8], [UInt8]), _ s: ([UInt8], [UInt8])) throws {
        let raw = Self.number(r.0) + Self.number(s.0)
        let content = r.1 + s.1
        #expect(ECDSASignature.der(fromRaw: raw) == [0x30, UInt8(content.count)] + content)
        #expect(try ECDSASignature.raw(fromDER: [0x30, UInt8(content.count)] + content) == raw)
    }

    /// Bytes that are not two numbers of 32 bytes at most in DER.
    static let notSignatures: [[UInt8]] = [
        [], [0x30], [0x30, 0x00], [0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
        [0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01], [0x30, 0x06, 0x03, 0x01, 0x01, 0x02, 0x01, 0x01],
        [0x30, 0x06, 0x02, 0x05, 0x01, 0x02, 0x01, 0x01], [0x30, 0x03, 0x02, 0x01, 0x01],
        [0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00],
        [0x30, 0x26, 0x02, 0x21, 0x01] + [UInt8](repeating: 0, count: 32) + [0x02, 0x01, 0x01],
    ]

    @Test(arguments: notSignatures)
    func anythingElseIsRefused(_ bytes: [UInt8]) {
        #expect(throws: CryptoError.unexpectedSignature) { try ECDSASignature.raw(fromDER: bytes) }
    }

    @Test func whatOpenSSLSignsSurvivesBothWays() throws {
        let key = try PrivateKey.generate(.es256)
        // One in 128 has a number with a zero byte in front.
        for round in 0..<1000 {
            let message = Array("message \(round)".utf8)
            let signature = try key.sign(message)
            #expect(signature.count == ECDSASignature.rawLength)
            #expect(key.publicKey.verify(signature, over: message, with: .es256))
            let der = try #require(ECDSASignature.der(fromRaw: signature))
            #expect(try ECDSASignature.raw(fromDER: der) == signature)
        }
    }
}
