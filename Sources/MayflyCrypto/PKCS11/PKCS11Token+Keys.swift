internal import CP11Kit
internal import MayflyModel

extension PKCS11Token {
    /// What a key is called in the token: its CKA_ID, its CKA_LABEL, or both; no bytes for any.
    package struct Name: Equatable, Sendable {
        package var id: [UInt8] = []
        package var label: [UInt8] = []

        package init(id: [UInt8] = [], label: [UInt8] = []) {
            (self.id, self.label) = (id, label)
        }
    }

    /// What of a key there is in the token.
    enum Half {
        case publicKey, privateKey

        var objectClass: UInt {
            switch self {
            case .publicKey: CKO_PUBLIC_KEY
            case .privateKey: CKO_PRIVATE_KEY
            }
        }
    }

    /// The key that fits `name`; a plain RSA key is for RS256 unless `algorithm` says PS256.
    package func privateKey(
        _ name: Name, for algorithm: SignatureAlgorithm? = nil
    ) throws(CryptoError) -> PrivateKey {
        let found: (id: [UInt8], type: UInt, publicKey: PublicKeyMaterial)
        do throws(PKCS11Error) {
            found = try use { (module, session) throws(PKCS11Error) in
                let handle = try Self.one(.privateKey, name, module, session)
                let id = try Self.attribute(CKA_ID, of: handle, module, session)
                let type = try Self.number(CKA_KEY_TYPE, of: handle, module, session)
                let publicName = id.isEmpty ? name : Name(id: id)
                let halves = try Self.handles(.publicKey, publicName, module, session)
                guard let half = halves.first else { throw .publicKeyMissing }
                guard halves.count == 1 else { throw .keyAmbiguous }
                return (id, type, try Self.material(of: half, type, module, session))
            }
        } catch {
            throw .pkcs11(error)
        }
        let own = try Self.algorithm(of: found.type, wanted: algorithm)
        let key = PKCS11Key(token: self, name: found.id.isEmpty ? name : Name(id: found.id))
        return try PrivateKey(key, own, found.publicKey)
    }

    /// Makes a key pair that cannot leave the token, under the 32 bytes of its RFC 7638 thumbprint as its CKA_ID.
    ///
    /// `label` gets the thumbprint and answers CKA_LABEL.
    package func generate(
        _ algorithm: SignatureAlgorithm, label: (String) -> String
    ) throws(CryptoError) -> PrivateKey {
        let passing = try SecureRandom.bytes(32)
        let id: [UInt8]
        do throws(PKCS11Error) {
            id = try use(writes: true) { (module, session) throws(PKCS11Error) in
                let (mechanism, parameters) = Self.making(algorithm)
                var (publicKey, privateKey): (UInt, UInt) = (0, 0)
                let temporary = Array("mayfly, being made".utf8)
                try PKCS11Module.check(
                    unsafe mayfly_p11_generate(
                        module.functions, session.handle, mechanism, parameters, UInt(parameters.count), 2048, passing,
                        UInt(passing.count), temporary, UInt(temporary.count), &publicKey, &privateKey))
                do throws(PKCS11Error) {
                    let type = try Self.number(CKA_KEY_TYPE, of: privateKey, module, session)
                    let material = try Self.material(of: publicKey, type, module, session)
                    guard let id = Base64URL.decode(material.thumbprint) else { throw .unsupported }
                    let name = Array(label(material.thumbprint).utf8)
                    for handle in [publicKey, privateKey] {
                        try PKCS11Module.check(
                            unsafe mayfly_p11_rename(
                                module.functions, session.handle, handle, id, UInt(id.count), name, UInt(name.count)))
                    }
                    return id
                } catch {
                    for handle in [privateKey, publicKey] {
                        _ = unsafe mayfly_p11_destroy(module.functions, session.handle, handle)
                    }
                    throw error
                }
            }
        } catch {
            throw .pkcs11(error)
        }
        return try privateKey(Name(id: id), for: algorithm)
    }

    /// Destroys both halves of a key; one that is gone already is no error.
    package func remove(_ name: Name) throws(CryptoError) {
        guard !name.id.isEmpty || !name.label.isEmpty else { return }
        do throws(PKCS11Error) {
            try use(writes: true) { (module, session) throws(PKCS11Error) in
                for half in [Half.privateKey, .publicKey] {
                    for handle in try Self.handles(half, name, module, session) {
                        try PKCS11Module.check(unsafe mayfly_p11_destroy(module.functions, session.handle, handle))
                    }
                }
            }
        } catch {
            throw .pkcs11(error)
        }
    }

    // MARK: Objects

    static func one(
        _ half: Half, _ name: Name, _ module: PKCS11Module, _ session: Session
    ) throws(PKCS11Error) -> UInt {
        let found = try handles(half, name, module, session)
        guard let handle = found.first else { throw .keyMissing }
        guard found.count == 1 else { throw .keyAmbiguous }
        return handle
    }

    private static func handles(
        _ half: Half, _ name: Name, _ module: PKCS11Module, _ session: Session
    ) throws(PKCS11Error) -> [UInt] {
        var found = [UInt](repeating: 0, count: 8)
        var count = UInt(found.count)
        try PKCS11Module.check(
            unsafe mayfly_p11_find(
                module.functions, session.handle, half.objectClass, name.id, UInt(name.id.count), name.label,
                UInt(name.label.count), &found, &count))
        return Array(found.prefix(Int(clamping: count)))
    }

    private static func attribute(
        _ type: UInt, of handle: UInt, _ module: PKCS11Module, _ session: Session
    ) throws(PKCS11Error) -> [UInt8] {
        var value = [UInt8](repeating: 0, count: 1024)
        var length = UInt(value.count)
        try PKCS11Module.check(
            unsafe mayfly_p11_attribute(module.functions, session.handle, handle, type, &value, &length))
        return Array(value.prefix(Int(clamping: length)))
    }

    /// A CK_ULONG, in this machine's byte order.
    private static func number(
        _ type: UInt, of handle: UInt, _ module: PKCS11Module, _ session: Session
    ) throws(PKCS11Error) -> UInt {
        let bytes = try attribute(type, of: handle, module, session)
        guard bytes.count == MemoryLayout<UInt>.size else { throw .unsupported }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt($1) }
    }
}

// MARK: Kinds of keys

extension PKCS11Token {
    /// prime256v1, in DER.
    private static let p256: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    /// `edwards25519` as a PrintableString, the form that PKCS#11 3.0 §2.3.10 gives first.
    private static let ed25519 = [0x13, 0x0C] + Array("edwards25519".utf8)

    private static func making(_ algorithm: SignatureAlgorithm) -> (mechanism: UInt, parameters: [UInt8]) {
        switch algorithm {
        case .es256: (CKM_EC_KEY_PAIR_GEN, p256)
        case .rs256, .ps256: (CKM_RSA_PKCS_KEY_PAIR_GEN, [])
        case .edDSA: (CKM_EC_EDWARDS_KEY_PAIR_GEN, ed25519)
        }
    }

    private static func algorithm(
        of type: UInt, wanted: SignatureAlgorithm?
    ) throws(CryptoError) -> SignatureAlgorithm {
        let possible: [SignatureAlgorithm] =
            switch type {
            case CKK_EC: [.es256]
            case CKK_RSA: [.rs256, .ps256]
            case CKK_EC_EDWARDS: [.edDSA]
            default: []
            }
        guard let first = possible.first else { throw .unsupportedKey }
        guard let wanted else { return first }
        guard possible.contains(wanted) else { throw .unsupportedKey }
        return wanted
    }

    /// The public half's numbers.
    private static func material(
        of handle: UInt, _ type: UInt, _ module: PKCS11Module, _ session: Session
    ) throws(PKCS11Error) -> PublicKeyMaterial {
        switch type {
        case CKK_RSA:
            let modulus = try attribute(CKA_MODULUS, of: handle, module, session).drop { $0 == 0 }
            let exponent = try attribute(CKA_PUBLIC_EXPONENT, of: handle, module, session).drop { $0 == 0 }
            return .rsa(modulus: Array(modulus), exponent: Array(exponent))
        case CKK_EC:
            guard try attribute(CKA_EC_PARAMS, of: handle, module, session) == p256 else { throw .unsupported }
            let point = try attribute(CKA_EC_POINT, of: handle, module, session)
            return .p256(point: contents(of: point, count: 1 + 2 * PublicKeyMaterial.coordinateLength))
        case CKK_EC_EDWARDS:
            let point = try attribute(CKA_EC_POINT, of: handle, module, session)
            return .ed25519(contents(of: point, count: PublicKeyMaterial.coordinateLength))
        default: throw .unsupported
        }
    }

    /// A point as a DER OCTET STRING, or as some tokens have it, bare; `PublicKey` refuses what is neither.
    private static func contents(of point: [UInt8], count: Int) -> [UInt8] {
        point.count == count + 2 && point.starts(with: [0x04, UInt8(truncatingIfNeeded: count)])
            ? Array(point.dropFirst(2)) : point
    }
}
