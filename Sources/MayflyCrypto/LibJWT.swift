internal import CJWT
internal import Glibc

/// libjwt's own signing and verifying of a probe, always with `typ: JWT` and one fixed algorithm.
struct LibJWT {
    static let probeClaim = "mayfly_probe"

    private let algorithm: jwt_alg_t

    /// Nil for an algorithm that libjwt 1.x does not have.
    init?(_ algorithm: SignatureAlgorithm) {
        switch algorithm {
        case .es256: self.algorithm = JWT_ALG_ES256
        case .rs256: self.algorithm = JWT_ALG_RS256
        case .ps256, .edDSA: return nil
        }
    }

    /// A token with the probe claim, signed by libjwt, or nil when it could not.
    func sign(probe: String, privateKey: [UInt8]) -> String? {
        var token: OpaquePointer?
        guard unsafe jwt_new(&token) == 0, let token = unsafe token else { return nil }
        defer { unsafe jwt_free(token) }
        let isSet = unsafe privateKey.withUnsafeBufferPointer {
            unsafe jwt_set_alg(token, algorithm, $0.baseAddress, Int32($0.count)) == 0
        }
        guard isSet, unsafe jwt_add_grant(token, Self.probeClaim, probe) == 0,
            let text = unsafe jwt_encode_str(token)
        else { return nil }
        defer { unsafe free(text) }
        return unsafe String(validatingCString: text)
    }

    /// Whether libjwt verifies `compact` with this algorithm and finds the probe claim in it.
    func accepts(_ compact: String, probe: String, publicKey: [UInt8]) -> Bool {
        var token: OpaquePointer?
        let status = unsafe publicKey.withUnsafeBufferPointer {
            unsafe jwt_decode(&token, compact, $0.baseAddress, Int32($0.count))
        }
        guard status == 0, let token = unsafe token else { return false }
        defer { unsafe jwt_free(token) }
        guard unsafe jwt_get_alg(token) == algorithm,
            let claim = unsafe jwt_get_grant(token, Self.probeClaim)
        else { return false }
        return unsafe String(validatingCString: claim)?.isExactly(probe) ?? false
    }
}
