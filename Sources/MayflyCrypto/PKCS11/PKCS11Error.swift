/// Why a PKCS#11 token could not be used; no case carries a PIN, a name or key material.
package enum PKCS11Error: Error, Equatable, Sendable {
    /// The module's file is not there, or is no PKCS#11 module.
    case moduleNotLoaded
    /// No token has that label, and nothing else tells which one is meant.
    case tokenMissing
    /// Several tokens have that label.
    case tokenAmbiguous
    case pinWrong
    /// The token wants to see no PIN any more, or never had one.
    case pinLocked
    /// A PIN that was wrong is not tried again, because tokens lock themselves.
    case pinRefusedBefore
    case keyMissing
    /// Several keys fit the URI.
    case keyAmbiguous
    /// The private key is there, and no public key with the same id.
    case publicKeyMissing
    /// The token cannot make or use a key for this algorithm.
    case unsupported
    /// What the module answered; PKCS#11 2.40 §5 lists the codes.
    case failed(UInt)

    init(code: UInt) {
        self =
            switch code {
            case 0xA0, 0xA1, 0xA2: .pinWrong  // INCORRECT, INVALID, LEN_RANGE
            case 0xA3, 0xA4, 0x102: .pinLocked  // EXPIRED, LOCKED, USER_PIN_NOT_INITIALIZED
            case 0x70, 0x71, 0x63, 0x68: .unsupported  // MECHANISM_INVALID, its PARAM, KEY_TYPE, KEY_FUNCTION
            case 0xE0: .tokenMissing  // TOKEN_NOT_PRESENT
            default: .failed(code)
            }
    }

    /// Whether sessions and handles that were good before may be what is wrong: a token that was taken out and put
    /// back, a module that logged us out, a key that another program has made anew.
    var mayBeStale: Bool {
        switch self {
        case .tokenMissing, .keyMissing: true
        case .failed(let code):
            // KEY_HANDLE, OBJECT_HANDLE, SESSION_CLOSED, SESSION_HANDLE, USER_NOT_LOGGED_IN, DEVICE_REMOVED,
            // DEVICE_ERROR.
            [0x60, 0x82, 0xB0, 0xB3, 0x101, 0x32, 0x30].contains(code)
        case .moduleNotLoaded, .tokenAmbiguous, .pinWrong, .pinLocked, .pinRefusedBefore, .keyAmbiguous,
            .publicKeyMissing, .unsupported:
            false
        }
    }
}

extension PKCS11Error: CustomStringConvertible {
    package var description: String {
        switch self {
        case .moduleNotLoaded: "the PKCS#11 module cannot be loaded"
        case .tokenMissing: "no PKCS#11 token with that label is there"
        case .tokenAmbiguous: "several PKCS#11 tokens have that label"
        case .pinWrong: "the PKCS#11 token does not take the PIN"
        case .pinLocked: "the PKCS#11 token's PIN is locked, expired or was never set"
        case .pinRefusedBefore: "the PKCS#11 token did not take the PIN before, and it is not tried again"
        case .keyMissing: "the PKCS#11 token does not hold that key"
        case .keyAmbiguous: "several keys in the PKCS#11 token have that name"
        case .publicKeyMissing: "the PKCS#11 token holds no public key with the id of the private one"
        case .unsupported: "the PKCS#11 token cannot do that with this kind of key"
        case .failed(let code): "the PKCS#11 module failed (code 0x\(String(code, radix: 16)))"
        }
    }
}
