package import MayflyCrypto
package import MayflyModel
import Synchronization

/// Where private signing keys lie; file-backed in the server, in memory in tests.
package protocol KeyVault: Sendable {
    /// Makes a key, keeps it durably, and answers it.
    func create(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> PrivateKey
    /// The key that was kept under this thumbprint.
    func load(_ keyID: String) throws(CryptoError) -> PrivateKey
    /// Destroys the private half of a key that signs no more; one that is gone already is no error.
    func remove(_ keyID: String)
}

/// The keys that sign and verify Mayfly's own tokens, parsed once.
package final class Keyring: Sendable {
    /// Algorithms of which one key is always active; RS256 is there for verifiers that know nothing newer.
    package static let algorithms: [SignatureAlgorithm] = [.es256, .rs256]

    private struct Contents {
        var signing: [SignatureAlgorithm: PrivateKey] = [:]
        /// The keys that sign now or next, by id; each was checked when it came in.
        var loaded: [String: PrivateKey] = [:]
        var published: [String: SigningKeyRecord] = [:]
        /// What every token of ours begins with, by key and kind.
        var headers: [[UInt8]: KnownHeader] = [:]
        var signingHeaders: [SignatureAlgorithm: [TokenKind: [UInt8]]] = [:]
        /// For codes that only this broker makes and checks; empty without a key that it can follow from.
        var secret: [UInt8] = []
        /// Whether all the records of the last `replace` were followed.
        var isComplete = false

        /// The first part of what `record`'s key signs.
        mutating func publish(_ record: SigningKeyRecord) {
            published[record.id] = record
            for kind in Keyring.kinds {
                headers[Keyring.header(of: record, kind)] = KnownHeader(kind: kind, key: record)
            }
        }

        /// Has `key` sign from now on what its algorithm signs.
        mutating func sign(with key: PrivateKey, _ record: SigningKeyRecord) {
            signing[record.algorithm] = key
            for kind in Keyring.kinds {
                signingHeaders[record.algorithm, default: [:]][kind] = Keyring.header(of: record, kind)
            }
        }

        /// Forgets everything of these keys.
        mutating func drop(_ ids: Set<String>) {
            for id in ids {
                published[id] = nil
                loaded[id] = nil
            }
            headers = headers.filter { !ids.contains($0.value.key.id) }
            for (algorithm, key) in signing where ids.contains(key.publicKey.thumbprint) {
                signing[algorithm] = nil
                signingHeaders[algorithm] = nil
                if algorithm == Keyring.secretAlgorithm { secret = [] }
            }
        }
    }

    /// What the header of a token of ours says.
    struct KnownHeader: Sendable {
        let kind: TokenKind
        let key: SigningKeyRecord
    }

    /// The kinds that are signed with these keys.
    private static let kinds: [TokenKind] = [.accessToken, .ticket]

    /// The algorithm of the key that the secret follows from.
    private static let secretAlgorithm = SignatureAlgorithm.rs256

    private let contents: Mutex<Contents>
    /// Why an algorithm's last signature could not be made.
    private let failures = Mutex<[SignatureAlgorithm: CryptoError]>([:])
    private let report = Mutex<(@Sendable (CryptoError?) -> Void)?>(nil)
    /// When keys in a token were last tried.
    private let tried = Mutex<Timestamp?>(nil)

    /// Loads the private keys of `records` that sign now or next; a next key that is missing or open to others is found
    /// at the start, not when it has to sign.
    ///
    /// Throws `.crossCheckFailed` when a second implementation does not agree with a key (design §11).
    package init(_ records: [SigningKeyRecord], vault: any KeyVault) throws(CryptoError) {
        contents = Mutex(Contents())
        try replace(records, vault: vault)
    }

    /// Takes over what a rotation or a compromise left; one caller at a time, with records that are never older than
    /// the last.
    ///
    /// A key that cannot be loaded is thrown, once all else is taken over: an algorithm whose new key is not there goes
    /// on with the key that it has. What is compromised goes first, and whatever comes of the rest.
    package func replace(_ records: [SigningKeyRecord], vault: any KeyVault) throws(CryptoError) {
        let dead = Set(records.filter { $0.state == .compromised }.map(\.id))
        let old = contents.withLock { contents in
            contents.isComplete = false
            contents.drop(dead)
            return contents
        }
        var fresh = Contents()
        var failure: CryptoError?
        for record in records where record.state != .compromised {
            fresh.publish(record)
            guard record.state.mayComeToSign else { continue }
            do throws(CryptoError) {
                let known = old.loaded[record.id]
                let key = if let known { known } else { try Self.load(record, from: vault) }
                fresh.loaded[record.id] = key
                if record.state == .active { fresh.sign(with: key, record) }
            } catch {
                failure = error
            }
        }
        for (algorithm, key) in old.signing where fresh.signing[algorithm] == nil {
            fresh.signing[algorithm] = key
            fresh.signingHeaders[algorithm] = old.signingHeaders[algorithm]
        }
        if !Self.algorithms.allSatisfy({ fresh.signing[$0] != nil }) { failure = failure ?? .invalidKey }
        do throws(CryptoError) {
            let isSame =
                old.signing[Self.secretAlgorithm]?.publicKey == fresh.signing[Self.secretAlgorithm]?.publicKey
            if isSame {
                fresh.secret = old.secret
            } else if let key = fresh.signing[Self.secretAlgorithm] {
                fresh.secret = try Self.secret(of: key)
            }
        } catch {
            failure = error
        }
        fresh.isComplete = failure == nil
        contents.withLock { $0 = fresh }
        if let failure { throw failure }
    }

    /// Whether every key that signs now or next is here.
    package var isComplete: Bool { contents.withLock { $0.isComplete } }

    /// The private half of a record, once a second implementation agrees with it.
    private static func load(_ record: SigningKeyRecord, from vault: any KeyVault) throws(CryptoError) -> PrivateKey {
        let key = try vault.load(record.id)
        guard key.publicKey.thumbprint == record.id else { throw .invalidKey }
        try CrossCheck.run(key)
        return key
    }

    /// A secret that follows from a signing key and from nothing else, so that it is there again after a restart.
    ///
    /// RSASSA-PKCS1-v1_5 gives one signature for one text, wherever the private half lies. The text has a space and no
    /// dot, so it is no JWS, and the signature never leaves.
    private static func secret(of key: PrivateKey) throws(CryptoError) -> [UInt8] {
        SHA256.digest(of: try key.sign(Array("Mayfly secret for codes 1".utf8))).bytes
    }

    /// HMAC-SHA-256 of a text that nobody else can make; it ends with a rotation of the signing keys.
    func code(of text: [UInt8]) throws(CryptoError) -> [UInt8] {
        let secret = contents.withLock { $0.secret }
        // Anybody could make a code of an empty key.
        guard !secret.isEmpty else { throw .unsupportedKey }
        return try HMACSHA256.code(of: text, key: secret)
    }

    private static func header(of record: SigningKeyRecord, _ kind: TokenKind) -> [UInt8] {
        JWS.encodedHeader(algorithm: record.algorithm, type: kind.rawValue, keyID: record.id)
    }

    /// A token fresh from signing.
    struct SignedToken {
        let compact: String
        /// The thumbprint of the key.
        let keyID: String
    }

    /// Signs claims as one kind of token.
    func sign(
        _ claims: TokenClaims, as kind: TokenKind, with algorithm: SignatureAlgorithm
    ) throws(CryptoError) -> SignedToken {
        let found = contents.withLock { contents -> (PrivateKey, [UInt8])? in
            guard let key = contents.signing[algorithm], let header = contents.signingHeaders[algorithm]?[kind] else {
                return nil
            }
            return (key, header)
        }
        guard let (key, header) = found else { throw .unsupportedKey }
        do throws(CryptoError) {
            let compact = try JWS.sign(payload: claims.encoded(), header: header, with: key)
            if key.isInToken { note(nil, algorithm) }
            return SignedToken(compact: compact, keyID: key.publicKey.thumbprint)
        } catch {
            if key.isInToken, error != .tooLong { note(error, algorithm) }
            throw error
        }
    }

    /// Has `body` called when signing begins to fail, and with nil when it goes again.
    func whenFailing(_ body: @escaping @Sendable (CryptoError?) -> Void) {
        report.withLock { $0 = body }
    }

    /// Keeps what came of the last signature of an algorithm's key in a token.
    private func note(_ failure: CryptoError?, _ algorithm: SignatureAlgorithm) {
        let (before, after) = failures.withLock { failures in
            let before = failures.isEmpty
            failures[algorithm] = failure
            return (before, failures.isEmpty)
        }
        guard before != after, let report = report.withLock({ $0 }) else { return }
        report(failure)
    }

    /// Why nothing can be signed with some algorithm; nil when all is well.
    ///
    /// A key in memory never fails. One in a token is tried when the last try was a second ago.
    package func failure(at now: Timestamp) -> CryptoError? {
        let signing = contents.withLock { $0.signing }
        guard Self.algorithms.allSatisfy({ signing[$0] != nil }) else { return .invalidKey }
        let keys = signing.filter { $0.value.isInToken }
        guard !keys.isEmpty else { return nil }
        let isDue = tried.withLock { tried -> Bool in
            guard tried.map({ now.milliseconds - $0.milliseconds >= 1000 || now < $0 }) ?? true else { return false }
            tried = now
            return true
        }
        if isDue {
            for (algorithm, key) in keys {
                do throws(CryptoError) {
                    try key.prove()
                    note(nil, algorithm)
                } catch {
                    note(error, algorithm)
                }
            }
        }
        return failures.withLock { $0.values.first }
    }

    /// The published key with this id; nil once it has left the JWKS.
    package func published(_ keyID: String, at now: Timestamp) -> SigningKeyRecord? {
        contents.withLock { contents in
            guard let record = contents.published[keyID] else { return nil }
            return record.retiresAt.map { now < $0 } ?? true ? record : nil
        }
    }

    /// What a token's first part says, if it is one that we write with a key that is still published.
    ///
    /// A token of ours has no other spelling of its header, so none is ever parsed.
    func known(_ header: ArraySlice<UInt8>, at now: Timestamp) -> KnownHeader? {
        let header = Array(header)
        guard let known = contents.withLock({ $0.headers[header] }) else { return nil }
        return known.key.retiresAt.map { now < $0 } ?? true ? known : nil
    }

    /// The JWK set (RFC 7517 §5): next, active and retiring keys, sorted by id.
    package func jwks(at now: Timestamp) -> JSONObject {
        let records = contents.withLock { Array($0.published.values) }
        let keys = records.filter { $0.retiresAt.map { now < $0 } ?? true }.sorted { $0.id < $1.id }
        return [
            "keys": .array(
                keys.map { record in
                    var jwk = record.key.jwk
                    jwk["kid"] = .string(record.id)
                    jwk["alg"] = .string(record.algorithm.rawValue)
                    jwk["use"] = .string("sig")
                    return .object(jwk)
                })
        ]
    }
}
