import MayflyCrypto
import Testing

@Suite struct CrossCheckTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func aFreshKeyPasses(algorithm: SignatureAlgorithm) throws {
        try CrossCheck.run(try PrivateKey.generate(algorithm))
    }

    @Test func bothImplementationsAgreeOnManySignatures() throws {
        let key = try PrivateKey.generate(.es256)
        for _ in 0..<300 { try CrossCheck.run(key) }
    }
}
