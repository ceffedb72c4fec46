/// Why a ledger operation, or a check of someone's evidence, failed.
package enum LedgerError: Error, Equatable, Sendable {
    /// The hashes do not fit the size.
    case invalidFrontier
    /// An index or size that the tree does not have; `size` is how far the tree goes.
    case outOfRange(size: UInt64)
    /// The source gave another number of hashes than the tree size promises.
    case missingHashes(level: Int, index: UInt64)
    /// The source failed; the text says how and holds no secret.
    case source(String)

    case noteTooLarge
    /// Not UTF-8, or with a control character.
    case noteNotText
    /// No text, no blank line, or no newline at the end.
    case noteStructure
    case malformedSignatureLine
    case tooManySignatures
    /// Empty, or with a space or `+`.
    case invalidKeyName
    case invalidVerifierKey
    case signingFailed
    /// A signature under a known key is wrong.
    case badSignature(name: String)
    /// No known key signed the note.
    case noTrustedSignature

    /// The header or a tile of an archived segment.
    case malformedSegment
    /// Archived entries could not be read; the text says of which file, and why.
    case segment(String)

    case malformedCheckpoint
    /// No key that carries the checkpoint's origin as its name signed it.
    case originNotTrusted
    case malformedProof
    /// The path does not lead from the entry to the checkpoint's root.
    case proofMismatch

    /// The bytes of this entry do not hash to the leaf that is stored with them.
    case entryAltered(index: UInt64)
    /// The first `size` entries do not hash to the root that was signed.
    case rootMismatch(size: UInt64)
    /// The ledger ends before a size that was signed.
    case entriesMissing(signed: UInt64, found: UInt64)
}

extension LedgerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidFrontier: "the tree's right edge does not fit its size"
        case .outOfRange(let size): "no such index or size: the ledger has \(size) entries"
        case .missingHashes(let level, let index): "tree hashes are missing at level \(level), index \(index)"
        case .source(let reason): "the tree's hashes could not be read: \(reason)"
        case .noteTooLarge: "the signed note is larger than 64 KiB"
        case .noteNotText: "the signed note is not UTF-8 text without control characters"
        case .noteStructure: "the signed note is not text, a blank line and signature lines"
        case .malformedSignatureLine: "a signature line of the note is malformed"
        case .tooManySignatures: "the note has more than 16 signatures"
        case .invalidKeyName: "a note key's name is empty or has a space or a plus sign"
        case .invalidVerifierKey: "the verifier key is not a name, its key id and an Ed25519 public key"
        case .signingFailed: "the note could not be signed"
        case .badSignature(let name): "the signature of \(name) is wrong"
        case .noTrustedSignature: "none of the trusted keys signed the note"
        case .malformedSegment: "the archived segment is malformed"
        case .segment(let reason): reason
        case .malformedCheckpoint: "the checkpoint is not an origin, a tree size and a root hash"
        case .originNotTrusted: "the checkpoint is not signed by a trusted key of its own origin"
        case .malformedProof: "the proof file is malformed"
        case .proofMismatch: "the proof does not connect the entry with the checkpoint"
        case .entryAltered(let index): "entry \(index) does not match its stored hash"
        case .rootMismatch(let size): "the first \(size) entries do not give the root that was signed"
        case .entriesMissing(let signed, let found): "\(signed) entries were signed, but only \(found) are there"
        }
    }
}
