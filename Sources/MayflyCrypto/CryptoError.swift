internal import Glibc

/// Why a key, a signature or a key file could not be used; no case carries key material or a path.
package enum CryptoError: Error, Equatable, Sendable {
    /// The code that OpenSSL left; `openssl errstr` explains it.
    case openSSL(UInt)
    case outOfMemory
    /// A key type, curve or parameter that Mayfly does not use.
    case unsupportedKey
    /// RSA shorter than 2048 bits or a small exponent, or an Ed25519 point of small order.
    case weakKey
    /// A member is missing, misspelled, out of range, or the point is not on its curve.
    case invalidKey
    /// A public JWK carries a private or symmetric member.
    case privateMember
    /// `use`, `key_ops` or `alg` forbid verifying with this key.
    case forbiddenUse
    case malformedPEM
    /// The key is encrypted, and no passphrase was named.
    case passphraseMissing
    /// The passphrase is another one, or the key's text is damaged.
    case passphraseWrong
    /// What was named as a passphrase or PIN cannot be used as one.
    case secret(SecretError)
    case pkcs11(PKCS11Error)
    /// The private half stays in its token, and can be written nowhere.
    case keyInToken
    /// The group or others have a permission on the key file.
    case keyFileReadable
    /// The key file belongs neither to this process's user nor to root.
    case keyFileForeignOwner
    case keyFileNotRegular
    case keyFileTooLarge
    /// Writing never replaces a key.
    case keyFileExists
    /// The system call's `errno`.
    case keyFile(Int32)
    /// The signed token would be longer than `JWS.maximumLength`.
    case tooLong
    case crossCheckFailed
    /// OpenSSL answered a signature that is not two numbers in DER.
    case unexpectedSignature
}

extension CryptoError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .openSSL(let code): "OpenSSL error \(String(code, radix: 16, uppercase: true))"
        case .outOfMemory: "out of memory"
        case .unsupportedKey: "the key's type, curve or parameters are not supported"
        case .weakKey: "the key is too weak"
        case .invalidKey: "the key is not valid"
        case .privateMember: "a public JWK holds a private or symmetric member"
        case .forbiddenUse: "the JWK's use, key_ops or alg forbid verifying with it"
        case .malformedPEM: "not one PKCS#8 private key in PEM"
        case .passphraseMissing: "the key is encrypted, and nothing says where its passphrase is"
        case .passphraseWrong: "the passphrase does not open the key, or the key is damaged"
        case .secret(let error): error.description
        case .pkcs11(let error): error.description
        case .keyInToken: "the private key stays in its PKCS#11 token"
        case .keyFileReadable: "the key file is open to the group or to others; it must have mode 0600"
        case .keyFileForeignOwner: "the key file belongs to another user"
        case .keyFileNotRegular: "the key file is not a regular file"
        case .keyFileTooLarge: "the key file is larger than \(PrivateKeyFile.maximumLength) bytes"
        case .keyFileExists: "the key file exists already"
        case .keyFile(ENOENT): "there is no such file"
        case .keyFile(EACCES): "this user may not read or write the key file, or its folder"
        case .keyFile(let number): "the key file could not be read or written (errno \(number))"
        case .tooLong: "the signed token would be longer than \(JWS.maximumLength) bytes"
        case .crossCheckFailed: "the key failed the check against the second implementation"
        case .unexpectedSignature: "OpenSSL answered a signature of an unexpected form"
        }
    }
}
