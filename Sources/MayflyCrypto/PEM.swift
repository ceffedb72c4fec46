internal import COpenSSL

/// PEM texts (RFC 7468) of the kinds that Mayfly reads and writes.
///
/// OpenSSL is never given a chance to ask for a passphrase at a terminal: its readers that would are not used.
enum PEM {
    /// The lines around one kind of private key.
    private struct Frame {
        let begin: [UInt8]
        let end: [UInt8]

        init(_ label: String) {
            begin = Array("-----BEGIN \(label)-----".utf8)
            end = Array("-----END \(label)-----".utf8)
        }
    }

    private static let plain = Frame("PRIVATE KEY")
    private static let encrypted = Frame("ENCRYPTED PRIVATE KEY")

    /// Rounds of PBKDF2 with HMAC-SHA256 for a key that is written; a fifth of a second to try one passphrase.
    static let rounds: Int32 = 600_000

    /// Reads one PKCS#8 key; anything before or after it is refused, so a file holds one key and no more.
    static func privateKey(_ text: [UInt8], _ passphrase: Secret? = nil) throws(CryptoError) -> KeyHandle {
        let isEncrypted = text.starts(with: encrypted.begin)
        guard text.count <= PrivateKeyFile.maximumLength, stands(text, in: isEncrypted ? encrypted : plain) else {
            throw .malformedPEM
        }
        if isEncrypted, passphrase == nil { throw .passphraseMissing }
        let secret = isEncrypted ? passphrase : nil
        let (pointer, isOpened): (OpaquePointer?, Bool) = unsafe text.withUnsafeBytes { bytes in
            guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
                return (nil, true)
            }
            defer { unsafe BIO_free(source) }
            return unsafe decode(source, secret)
        }
        guard let pointer = unsafe pointer else {
            ERR_clear_error()
            throw isOpened ? .malformedPEM : .passphraseWrong
        }
        ERR_clear_error()
        return unsafe KeyHandle(adopting: pointer)
    }

    /// Whether a text begins as a key that is not encrypted.
    static func isPlain(_ text: [UInt8]) -> Bool { text.starts(with: plain.begin) }

    /// The first END line is the last thing in the text but white space.
    private static func stands(_ text: [UInt8], in frame: Frame) -> Bool {
        guard text.starts(with: frame.begin),
            let last = text.lastIndex(where: { $0 != 0x0A && $0 != 0x0D && $0 != 0x20 && $0 != 0x09 })
        else { return false }
        let body = text[...last]
        guard body.count > frame.begin.count + frame.end.count,
            body.suffix(frame.end.count).elementsEqual(frame.end)
        else { return false }
        // The dashes of a second block would be the only others between the two lines.
        return !body.dropFirst(frame.begin.count).dropLast(frame.end.count).contains(UInt8(ascii: "-"))
    }

    /// The key, and whether the passphrase is not what failed.
    private static func decode(_ source: OpaquePointer, _ passphrase: Secret?) -> (OpaquePointer?, Bool) {
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard unsafe PEM_read_bio(source, &name, &header, &data, &length) == 1, length >= 0 else {
            return (nil, true)
        }
        defer {
            unsafe mayfly_openssl_free(name)
            unsafe mayfly_openssl_free(header)
            unsafe mayfly_openssl_clear_free(data, length)
        }
        // A header would announce the old encryption of RFC 1421.
        guard let header = unsafe header, unsafe header.pointee == 0, let data = unsafe data else { return (nil, true) }
        guard let passphrase else {
            var position: UnsafePointer<UInt8>? = unsafe UnsafePointer(data)
            guard let info = unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, &position, length) else { return (nil, true) }
            defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
            guard unsafe position == UnsafePointer(data + length) else { return (nil, true) }
            return (unsafe EVP_PKCS82PKEY(info), true)
        }
        var position: UnsafePointer<UInt8>? = unsafe UnsafePointer(data)
        guard let sealed = unsafe d2i_X509_SIG(nil, &position, length) else { return (nil, true) }
        defer { unsafe X509_SIG_free(sealed) }
        guard unsafe position == UnsafePointer(data + length) else { return (nil, true) }
        var opened: OpaquePointer?
        passphrase.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe opened = mayfly_decrypt_pkcs8(sealed, bytes.baseAddress, Int32(bytes.count))
            }
        }
        guard let info = unsafe opened else { return (nil, false) }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        return (unsafe EVP_PKCS82PKEY(info), true)
    }

    /// PKCS#8, encrypted with AES-256-CBC under a key of PBKDF2 (RFC 8018 §6.2) if there is a passphrase.
    static func privateKey(_ key: borrowing KeyHandle, _ passphrase: Secret?) throws(CryptoError) -> [UInt8] {
        let pointer = unsafe key.pointer
        if let passphrase {
            return unsafe try write { sink in
                passphrase.withBytes { bytes in
                    unsafe bytes.withUnsafeBytes { bytes in
                        unsafe mayfly_write_encrypted(sink, pointer, bytes.baseAddress, Int32(bytes.count), rounds) == 1
                    }
                }
            }
        }
        return unsafe try write { sink in
            unsafe PEM_write_bio_PKCS8PrivateKey(sink, pointer, nil, nil, 0, nil, nil) == 1
        }
    }

    /// SubjectPublicKeyInfo.
    static func publicKey(_ key: borrowing KeyHandle) throws(CryptoError) -> [UInt8] {
        let pointer = unsafe key.pointer
        return unsafe try write { sink in
            unsafe PEM_write_bio_PUBKEY(sink, pointer) == 1
        }
    }

    private static func write(_ body: (OpaquePointer) -> Bool) throws(CryptoError) -> [UInt8] {
        // This kind of BIO wipes its memory when it is freed.
        guard let sink = unsafe BIO_new(BIO_s_secmem()) else { throw .takeFromOpenSSL() }
        defer { unsafe BIO_free(sink) }
        guard unsafe body(sink) else { throw .takeFromOpenSSL() }
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe mayfly_bio_memory(sink, &start)
        guard count > 0, let start = unsafe start else { throw .takeFromOpenSSL() }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
