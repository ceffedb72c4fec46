import MayflyCrypto
import MayflyModel
import Testing

/// Properties over seeded random changes; a failure names the seed and the change.
@Suite struct JWSPropertyTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func oneFlippedBitAnywhereRejects(algorithm: SignatureAlgorithm) throws {
        let seed: UInt64 = 0x4D41_5946_4C59
        var generator = SeededGenerator(seed: seed)
        let key = try PrivateKey.generate(algorithm)
        let payload = Array(#"{"iss":"https://mayfly.example","sub":"agent","exp":1700000000,"jti":"x"}"#.utf8)
        let token = Array(try JWS.sign(payload: payload, type: "at+jwt", keyID: "1", with: key).utf8)
        #expect(Self.holds(token, key.publicKey))
        for _ in 0..<600 {
            let index = Int.random(in: token.indices, using: &generator)
            let bit = UInt8.random(in: 0..<8, using: &generator)
            var changed = token
            changed[index] ^= 1 << bit
            #expect(!Self.holds(changed, key.publicKey), "seed \(seed), byte \(index), bit \(bit)")
        }
    }

    @Test func everySingleBitOfASmallTokenRejects() throws {
        let key = try PrivateKey.generate(.edDSA)
        let token = Array(try JWS.sign(payload: Array("{}".utf8), type: nil, keyID: nil, with: key).utf8)
        for index in token.indices {
            for bit in 0..<8 {
                var changed = token
                changed[index] ^= 1 << UInt8(bit)
                #expect(!Self.holds(changed, key.publicKey), "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func cutJoinedAndRandomBytesNeverTrapAndNeverHold() throws {
        let seed: UInt64 = 20_260_818
        var generator = SeededGenerator(seed: seed)
        let key = try PrivateKey.generate(.edDSA)
        let token = Array(try JWS.sign(payload: Array("{}".utf8), type: nil, keyID: nil, with: key).utf8)
        for round in 0..<3000 {
            var bytes = token
            for _ in 0...Int.random(in: 0..<4, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: bytes.indices, using: &generator)
                switch UInt8.random(in: 0..<4, using: &generator) {
                case 0: bytes.removeSubrange(index...)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                case 2: bytes.remove(at: index)
                default: bytes += bytes[index...]
                }
            }
            guard bytes != token else { continue }
            #expect(!Self.holds(bytes, key.publicKey), "seed \(seed), round \(round)")
        }
    }

    private static func holds(_ token: [UInt8], _ key: PublicKey) -> Bool {
        (try? JWS.parse(token))?.isSigned(by: key) ?? false
    }
}
