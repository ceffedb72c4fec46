package import MayflyModel

/// Why a text is not a JWS that Mayfly reads; answers to clients do not tell these apart.
package enum JWSError: Error, Equatable, Sendable {
    /// Longer than `JWS.maximumLength`.
    case tooLong
    /// Not three parts of strict base64url, or the signature is empty.
    case malformed
    case header(JSONError)
    /// `alg` is missing, not a string, or not one of `SignatureAlgorithm`.
    case algorithm
    /// `typ` is not a media type in a string.
    case type
    /// `kid` is not a string, or longer than `JWS.maximumKeyIDLength`.
    case keyID
    /// `crit` or `b64` is present; Mayfly understands no critical header.
    case criticalHeader
    case payload(JSONError)
}

extension JWSError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLong: "longer than \(JWS.maximumLength) bytes"
        case .malformed: "not a JWS in compact serialization"
        case .header: "the header is not one strict JSON object"
        case .algorithm: "the header's alg is not supported"
        case .type: "the header's typ is not a media type"
        case .keyID: "the header's kid is not a short string"
        case .criticalHeader: "the header has crit or b64"
        case .payload: "the payload is not one strict JSON object"
        }
    }
}
