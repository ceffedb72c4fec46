import MayflyCrypto
import MayflyLedger
import MayflyModel
import Testing

/// Keys and vectors that several suites sign with.
enum NoteFixtures {
    static let message = "If you think cryptography is the answer to your problem,\n"

    static func vectors() throws -> JSONObject { try Vectors.object("signed-note/vectors.json") }

    static func signer(_ name: String) throws -> Ed25519NoteSigner {
        try Ed25519NoteSigner(name: name, privateKey: try .generate(.edDSA))
    }

    /// The private key of a Go note key: the seed is in its last field.
    static func privateKey(skey: String) throws -> PrivateKey {
        let fields = skey.utf8.split(separator: UInt8(ascii: "+"), maxSplits: 4)
        let last = try #require(fields.last)
        let typed = try #require(Base64.decode(last))
        try #require(typed.count == 33)
        let pkcs8 = try Hex.bytes("302e020100300506032b657004220420") + typed.dropFirst()
        let pem = "-----BEGIN PRIVATE KEY-----\n\(Base64.encode(pkcs8))\n-----END PRIVATE KEY-----\n"
        return try PrivateKey(pem: Array(pem.utf8))
    }

    /// A checkpoint over the first `size` entries of `tree`.
    static func checkpoint(_ tree: GrownTree, _ size: UInt64, origin: String = "log.example") throws -> Checkpoint {
        try Checkpoint(origin: origin, size: size, root: tree.root(size))
    }
}
