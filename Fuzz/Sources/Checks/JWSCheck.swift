import MayflyCrypto
import MayflyModel

/// A token has one spelling, its header is bounded, and nobody's signature passes for ours.
enum JWSCheck {
    /// Keys that have signed nothing, one for each way to verify that a token can ask for quickly.
    private static let keys = require("a constant is made") {
        [try PrivateKey.generate(.es256).publicKey, try PrivateKey.generate(.edDSA).publicKey]
    }

    static func run(_ bytes: [UInt8]) {
        guard let jws = try? JWS.parse(bytes) else { return }
        require(bytes.count <= JWS.maximumLength, "a token is bounded")
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        require(parts.count == 3, "a token has three parts")
        require(Base64URL.encodedBytes(jws.payload).elementsEqual(parts[1]), "the payload has one spelling")
        require(Base64URL.encodedBytes(jws.signature).elementsEqual(parts[2]), "the signature has one spelling")
        let header = Base64URL.decode(parts[0]).flatMap { try? JSONParser.parseObject($0) }
        require(header == jws.header, "the header is the first part")

        require(!jws.signature.isEmpty, "an unsigned token is refused")
        require(jws.algorithm != nil, "a token names its algorithm")
        require(jws.header["alg"]?.stringValue == jws.algorithm?.rawValue, "the algorithm is the header's")
        require(jws.header["crit"] == nil && jws.header["b64"] == nil, "nothing critical is accepted")
        require((jws.keyID ?? "").utf8.count <= JWS.maximumKeyIDLength, "kid is bounded")
        if let type = jws.type {
            require((1...JWS.maximumTypeLength).contains(type.utf8.count), "typ is bounded")
            require(type.utf8.allSatisfy { (0x21...0x7E).contains($0) && !(0x41...0x5A).contains($0) }, "typ is lower")
        }
        for key in keys { require(!jws.isSigned(by: key), "nobody else's signature passes") }
        if let claims = try? jws.claims() { ClaimsCheck.run(claims) }
    }
}
