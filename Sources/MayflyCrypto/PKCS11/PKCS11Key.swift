internal import CP11Kit
internal import Synchronization

/// A private key in a PKCS#11 token; it signs there, on any number of threads.
final class PKCS11Key: Sendable {
    private struct Found {
        let generation: UInt64
        let handle: UInt
    }

    private let token: PKCS11Token
    private let name: PKCS11Token.Name
    private let found = Mutex<Found?>(nil)

    init(token: PKCS11Token, name: PKCS11Token.Name) {
        (self.token, self.name) = (token, name)
    }

    /// Signs in the shape that JWS wants, which for ECDSA is the token's own: R‖S.
    func signature(over message: [UInt8], with algorithm: SignatureAlgorithm) throws(CryptoError) -> [UInt8] {
        let (mechanism, data) = Self.work(algorithm, message)
        do throws(PKCS11Error) {
            return try token.use { (module, session) throws(PKCS11Error) in
                let key = try handle(module, session)
                var output = [UInt8](repeating: 0, count: 512)
                var length = UInt(output.count)
                let status = unsafe mayfly_p11_sign(
                    module.functions, session.handle, key, mechanism, data, UInt(data.count), &output, &length)
                if status != 0 { found.withLock { $0 = nil } }
                try PKCS11Module.check(status)
                return Array(output.prefix(Int(clamping: length)))
            }
        } catch {
            throw .pkcs11(error)
        }
    }

    /// The key's handle, looked for once in each generation.
    private func handle(_ module: PKCS11Module, _ session: PKCS11Token.Session) throws(PKCS11Error) -> UInt {
        if let found = found.withLock({ $0 }), found.generation == session.generation { return found.handle }
        let handle = try PKCS11Token.one(.privateKey, name, module, session)
        found.withLock { $0 = Found(generation: session.generation, handle: handle) }
        return handle
    }

    /// Tokens that hash before ECDSA are rare, so the hash is made here; RSA is hashed by nearly all.
    private static func work(_ algorithm: SignatureAlgorithm, _ message: [UInt8]) -> (mechanism: UInt, data: [UInt8]) {
        switch algorithm {
        case .es256: (CKM_ECDSA, SHA256.digest(of: message).bytes)
        case .rs256: (CKM_SHA256_RSA_PKCS, message)
        case .ps256: (CKM_SHA256_RSA_PKCS_PSS, message)
        case .edDSA: (CKM_EDDSA, message)
        }
    }
}
