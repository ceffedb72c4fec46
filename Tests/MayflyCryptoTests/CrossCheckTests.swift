import MayflyCrypto
import Testing

@Suite struct CrossCheckTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func aFreshKeyPasses(algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        #expect(throws: Never.self) { try CrossCheck.run(key) }
    }

    @Test func bothImplementationsAgreeOnManySignatures() throws {
        let key = try PrivateKey.generate(.es256)
        for _ in 0..<300 { #expect(throws: Never.self) { try CrossCheck.run(key) } }
    }
}
