/// The parsers that read what others send, each under the name that `scripts/fuzz` takes.
enum Target: String, CaseIterable {
    case json
    case jws
    case claims
    case jwk
    case scope
    case details
    case form
    case authorization
    case traceParent = "trace-parent"
    case requestTarget = "request-target"
    case originalPath = "original-path"
    case ifMatch = "if-match"
    case mediaType = "media-type"
    case yaml
    case note
    case verifierKey = "verifier-key"
    case proof
    case segment
    case cel
    case dpop
    case certificate
    case distinguishedName = "distinguished-name"
    case pkcs11URI = "pkcs11-uri"

    /// Reads `bytes` and ends the process when what was read breaks a promise of the parser.
    func check(_ bytes: [UInt8]) {
        switch self {
        case .json: JSONCheck.run(bytes)
        case .jws: JWSCheck.run(bytes)
        case .claims: ClaimsCheck.run(bytes)
        case .jwk: JWKCheck.run(bytes)
        case .scope: ScopeCheck.run(bytes)
        case .details: DetailsCheck.run(bytes)
        case .form: FormCheck.run(bytes)
        case .authorization: AuthorizationCheck.run(bytes)
        case .traceParent: TraceParentCheck.run(bytes)
        case .requestTarget: RequestTargetCheck.run(bytes)
        case .originalPath: OriginalPathCheck.run(bytes)
        case .ifMatch: IfMatchCheck.run(bytes)
        case .mediaType: MediaTypeCheck.run(bytes)
        case .yaml: YAMLCheck.run(bytes)
        case .note: NoteCheck.run(bytes)
        case .verifierKey: VerifierKeyCheck.run(bytes)
        case .proof: ProofCheck.run(bytes)
        case .segment: SegmentCheck.run(bytes)
        case .cel: CELCheck.run(bytes)
        case .dpop: DPoPCheck.run(bytes)
        case .certificate: CertificateCheck.run(bytes)
        case .distinguishedName: DistinguishedNameCheck.run(bytes)
        case .pkcs11URI: PKCS11URICheck.run(bytes)
        }
    }
}
