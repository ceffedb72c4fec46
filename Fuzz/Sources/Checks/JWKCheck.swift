import MayflyCrypto
import MayflyModel

/// A key that was read is the same key when its public members are read, and verifies nothing that nobody signed.
enum JWKCheck {
    static func run(_ bytes: [UInt8]) {
        guard let object = try? JSONParser.parseObject(bytes), let key = try? PublicKey(jwk: object) else { return }
        let again = require("a key's own JWK is read again") { try PublicKey(jwk: key.jwk) }
        require(again.thumbprint == key.thumbprint, "a key has one thumbprint")
        require(again.jwk == key.jwk, "a key has one JWK")
        require(key.algorithms.allSatisfy(again.algorithms.contains), "alg only narrows what the type allows")
        require(!key.algorithms.isEmpty, "a key is good for something")
        for algorithm in SignatureAlgorithm.allCases {
            let signature = [UInt8](repeating: 0x5A, count: algorithm == .rs256 || algorithm == .ps256 ? 256 : 64)
            require(!key.verify(signature, over: bytes, with: algorithm), "a made-up signature fails")
        }
    }
}
