internal import COpenSSL
internal import MayflyModel

/// Compares this module with libjwt, a second implementation of JWS, before a key is used.
///
/// libjwt 1.x lets the header choose the algorithm and skips the check without a key, so it never decides trust: here
/// both sides sign and verify probes of our own, and any disagreement stops the key.
package enum CrossCheck {
    /// Throws `.crossCheckFailed` unless both implementations accept each other's probe and refuse an altered one.
    ///
    /// libjwt knows RS256 and ES256; for the others our own signing and verifying must agree. What a key in a token
    /// signs libjwt verifies, and does not sign itself: it would need the private half.
    package static func run(_ key: PrivateKey) throws(CryptoError) {
        let probe = try SecureRandom.token(byteCount: 16)
        var payload = JSONWriter()
        payload.beginObject()
        payload.name(of: LibJWT.probeClaim)
        payload.string(probe)
        payload.endObject()
        let ours = try JWS.sign(payload: payload.bytes, type: "JWT", keyID: nil, with: key)
        guard weAccept(ours, probe, key), !weAccept(altered(ours), probe, key) else { throw .crossCheckFailed }

        guard let other = LibJWT(key.algorithm) else { return }
        defer { ERR_clear_error() }  // libjwt works with OpenSSL on this thread
        let publicPEM = try key.publicKey.pem()
        guard !key.isInToken else {
            guard other.accepts(ours, probe: probe, publicKey: publicPEM),
                !other.accepts(altered(ours), probe: probe, publicKey: publicPEM)
            else { throw .crossCheckFailed }
            return
        }
        var privatePEM = try key.pem()
        defer { unsafe privatePEM.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
        guard other.accepts(ours, probe: probe, publicKey: publicPEM),
            !other.accepts(altered(ours), probe: probe, publicKey: publicPEM),
            let theirs = other.sign(probe: probe, privateKey: privatePEM),
            weAccept(theirs, probe, key), !weAccept(altered(theirs), probe, key)
        else { throw .crossCheckFailed }
    }

    private static func weAccept(_ token: String, _ probe: String, _ key: PrivateKey) -> Bool {
        guard let jws = try? JWS.parse(Array(token.utf8)), jws.isSigned(by: key.publicKey),
            let claim = try? jws.claims()[LibJWT.probeClaim]?.stringValue
        else { return false }
        return claim.isExactly(probe)
    }

    /// The token with one bit of its signature flipped, still well-formed.
    private static func altered(_ token: String) -> String {
        let bytes = Array(token.utf8)
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")),
            var signature = Base64URL.decode(bytes[(dot + 1)...]), !signature.isEmpty
        else { return "" }
        signature[signature.count / 2] ^= 0x01
        return String(decoding: bytes[...dot] + Base64URL.encodedBytes(signature), as: UTF8.self)
    }
}
