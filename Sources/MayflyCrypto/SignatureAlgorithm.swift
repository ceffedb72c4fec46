/// The JWS algorithms that Mayfly knows (RFC 7518 §3.1, RFC 8037 §3.1); everything else does not exist here.
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    case es256 = "ES256"
    case rs256 = "RS256"
    case ps256 = "PS256"
    case edDSA = "EdDSA"

    /// Compares bytes: `alg` is case-sensitive, and Swift's own comparison is by Unicode equivalence.
    package init?(exactly name: String) {
        guard let match = Self.allCases.first(where: { name.isExactly($0.rawValue) }) else { return nil }
        self = match
    }
}

extension String {
    /// Equal byte for byte; `==` also holds for canonically equivalent text, such as `K` and the Kelvin sign.
    func isExactly(_ other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
