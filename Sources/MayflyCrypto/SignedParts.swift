package import MayflyModel

/// A compact JWS cut at its dots, for whoever knows the header that it must have byte for byte.
///
/// Nothing of the header is read, so nothing in it can choose how the rest is treated. Everything else is as strict as
/// in `JWS.parse`.
package struct SignedParts: Sendable {
    /// The first part as it was sent: base64url.
    package let header: ArraySlice<UInt8>
    /// The decoded payload, byte for byte.
    package let payload: [UInt8]
    private let signature: [UInt8]
    private let signedBytes: ArraySlice<UInt8>

    /// Nil for anything but three parts of base64url within `JWS.maximumLength`, each with one spelling.
    package init?(_ compact: ArraySlice<UInt8>) {
        let dot = UInt8(ascii: ".")
        guard compact.count <= JWS.maximumLength, let first = ByteSearch.index(of: dot, in: compact),
            let second = ByteSearch.index(of: dot, in: compact[(first + 1)...]),
            ByteSearch.index(of: dot, in: compact[(second + 1)...]) == nil,
            let payload = Base64URL.decode(compact[(first + 1)..<second]),
            let signature = Base64URL.decode(compact[(second + 1)...]), !signature.isEmpty
        else { return nil }
        header = compact[..<first]
        self.payload = payload
        self.signature = signature
        signedBytes = compact[..<second]
    }

    /// Whether `key` signed the received bytes.
    package func isSigned(by key: PublicKey, with algorithm: SignatureAlgorithm) -> Bool {
        key.verify(signature, over: Array(signedBytes), with: algorithm)
    }

    /// The payload as one JSON object without duplicate names (RFC 7519 §4); nil for anything else.
    package func claims() -> JSONObject? {
        try? JSONParser.parseObject(payload)
    }
}
