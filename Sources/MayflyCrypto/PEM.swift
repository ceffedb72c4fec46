internal import COpenSSL

/// PEM texts (RFC 7468) of the two kinds that Mayfly reads and writes.
enum PEM {
    private static let begin = Array("-----BEGIN PRIVATE KEY-----".utf8)
    private static let end = Array("-----END PRIVATE KEY-----".utf8)

    /// Reads one unencrypted PKCS#8 key; anything before or after it is refused, so a file holds one key and no more.
    static func privateKey(_ text: [UInt8]) throws(CryptoError) -> KeyHandle {
        guard text.starts(with: begin), text.count <= PrivateKeyFile.maximumLength, endsTheText(text) else {
            throw .malformedPEM
        }
        let pointer: OpaquePointer? = unsafe text.withUnsafeBytes { bytes in
            guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { unsafe BIO_free(source) }
            return unsafe decode(source)
        }
        guard let pointer = unsafe pointer else {
            ERR_clear_error()
            throw .malformedPEM
        }
        return unsafe KeyHandle(adopting: pointer)
    }

    /// The first END line is the last thing in the text but white space.
    private static func endsTheText(_ text: [UInt8]) -> Bool {
        guard let last = text.lastIndex(where: { $0 != 0x0A && $0 != 0x0D && $0 != 0x20 && $0 != 0x09 }) else {
            return false
        }
        let body = text[...last]
        guard body.count > begin.count + end.count, body.suffix(end.count).elementsEqual(end) else { return false }
        // The dashes of a second block would be the only others between the two lines.
        return !body.dropFirst(begin.count).dropLast(end.count).contains(UInt8(ascii: "-"))
    }

    private static func decode(_ source: OpaquePointer) -> OpaquePointer? {
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard unsafe PEM_read_bio(source, &name, &header, &data, &length) == 1, length >= 0 else { return nil }
        defer {
            unsafe mayfly_openssl_free(name)
            unsafe mayfly_openssl_free(header)
            unsafe mayfly_openssl_clear_free(data, length)
        }
        // A header would announce the old encryption of RFC 1421; nothing here ever asks for a passphrase.
        guard let header = unsafe header, unsafe header.pointee == 0, let data = unsafe data else { return nil }
        var position: UnsafePointer<UInt8>? = unsafe UnsafePointer(data)
        guard let info = unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, &position, length) else { return nil }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        guard unsafe position == UnsafePointer(data + length) else { return nil }
        return unsafe EVP_PKCS82PKEY(info)
    }

    /// Unencrypted PKCS#8.
    static func privateKey(_ key: borrowing KeyHandle) throws(CryptoError) -> [UInt8] {
        let pointer = unsafe key.pointer
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
