import MayflyCrypto
import MayflyModel
import Testing

/// Signatures that are almost right.
@Suite struct SignatureShapeTests {
    static let message = Array("header.payload".utf8)
    /// The order n of P-256 and its neighbours, big-endian.
    static let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    static let orderPlusOne = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
    static let zero = String(repeating: "00", count: 32)
    static let one = String(repeating: "00", count: 31) + "01"
    static let largest = String(repeating: "ff", count: 32)

    @Test(arguments: [zero, one, order, orderPlusOne, largest], [zero, one, order, orderPlusOne, largest])
    func psychicSignaturesAreRefused(r: String, s: String) throws {
        let key = try PublicKey(jwk: PublicKeyTests.ec)
        let signature = try bytes(hex: r + s)
        for message in [[], Self.message, [UInt8](repeating: 0, count: 32)] {
            #expect(!key.verify(signature, over: message, with: .es256))
        }
    }

    @Test func theMirroredSignatureHoldsTooSoSignaturesIdentifyNothing() throws {
        let key = try PrivateKey.generate(.es256)
        let signature = try key.sign(Self.message)
        let mirrored = signature.prefix(32) + Self.difference(try bytes(hex: Self.order), signature.suffix(32))
        #expect(mirrored.count == 64 && !mirrored.elementsEqual(signature))
        #expect(key.publicKey.verify(Array(mirrored), over: Self.message, with: .es256))
    }

    @Test func anES256SignatureHasExactly64Bytes() throws {
        let key = try PrivateKey.generate(.es256)
        let signature = try key.sign(Self.message)
        #expect(signature.count == 64)
        #expect(key.publicKey.verify(signature, over: Self.message, with: .es256))
        let half = [UInt8](repeating: 0, count: 1)
        let wrong: [[UInt8]] = [
            [], Array(signature.dropLast()), signature + [0], [0] + signature,
            half + signature.prefix(32) + half + signature.suffix(32), signature + signature, Self.der(signature),
        ]
        for candidate in wrong {
            #expect(!key.publicKey.verify(candidate, over: Self.message, with: .es256), "\(candidate.count) bytes")
        }
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func aKeySignsAndVerifiesItsOwnMessagesOnly(algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let stranger = try PrivateKey.generate(algorithm)
        #expect(key.algorithm == algorithm)
        #expect(key.publicKey.algorithms == [algorithm])
        for message in [[], [0], Self.message, [UInt8](repeating: 0x5A, count: 100_000)] as [[UInt8]] {
            let signature = try key.sign(message)
            #expect(key.publicKey.verify(signature, over: message, with: algorithm))
            #expect(!key.publicKey.verify(signature, over: message + [0], with: algorithm))
            #expect(!stranger.publicKey.verify(signature, over: message, with: algorithm))
            for other in SignatureAlgorithm.allCases where other != algorithm {
                #expect(!key.publicKey.verify(signature, over: message, with: other))
            }
        }
    }

    @Test(arguments: [SignatureAlgorithm.rs256, .ps256, .edDSA])
    func otherLengthsAreRefused(algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let signature = try key.sign(Self.message)
        for wrong in [[], Array(signature.dropLast()), signature + [0], [0] + signature] {
            #expect(!key.publicKey.verify(wrong, over: Self.message, with: algorithm))
        }
    }

    @Test func anRSAKeyWithoutAlgKeepsItsTwoAlgorithmsApart() throws {
        let key = try PrivateKey.generate(.rs256)
        let both = try PublicKey(jwk: key.publicKey.jwk)
        let signature = try key.sign(Self.message)
        #expect(both.verify(signature, over: Self.message, with: .rs256))
        #expect(!both.verify(signature, over: Self.message, with: .ps256))
    }

    @Test func everyES256SignatureIsFixedWidth() throws {
        // One in 128 signatures has an r or s with a leading zero byte.
        let key = try PrivateKey.generate(.es256)
        for number in 0..<1000 {
            let message = Array(String(number).utf8)
            let signature = try key.sign(message)
            #expect(signature.count == 64)
            #expect(key.publicKey.verify(signature, over: message, with: .es256))
        }
    }

    @Test func oneKeyServesManyThreadsAtOnce() async throws {
        for algorithm in SignatureAlgorithm.allCases {
            let key = try PrivateKey.generate(algorithm)
            let failures = await withTaskGroup(of: Int.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        (0..<20).count { round in
                            let message = Array("\(worker) \(round)".utf8)
                            guard let signature = try? key.sign(message) else { return true }
                            return !key.publicKey.verify(signature, over: message, with: algorithm)
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(failures == 0, "\(algorithm)")
        }
    }

    /// left - right for big-endian numbers of one width, left the larger.
    private static func difference(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> [UInt8] {
        var borrow = 0
        var output: [UInt8] = []
        for (a, b) in zip(left.reversed(), right.reversed()) {
            let digit = Int(a) - Int(b) - borrow
            borrow = digit < 0 ? 1 : 0
            output.append(UInt8(digit & 0xFF))
        }
        return output.reversed()
    }

    private static func der(_ raw: [UInt8]) -> [UInt8] {
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            var content = Array(bytes.drop { $0 == 0 })
            if content.first ?? 0x80 >= 0x80 { content.insert(0, at: 0) }
            return [0x02, UInt8(content.count)] + content
        }
        let body = integer(raw.prefix(32)) + integer(raw.suffix(32))
        return [0x30, UInt8(body.count)] + body
    }
}
