internal import COpenSSL
internal import MayflyModel

extension X509Certificate {
    /// Certificates in one file.
    package static let maximumCount = 64

    /// Reads one or more certificates in PEM (RFC 7468 §5); any other block, a private key above all, is refused.
    ///
    /// Text between the blocks is passed over, as tools write it there.
    package static func list(pem: [UInt8]) throws(X509Error) -> [X509Certificate] {
        var certificates: [X509Certificate] = []
        for der in try blocks(pem: pem) { certificates.append(try X509Certificate(der: der)) }
        return certificates
    }

    /// The same without a look at what is in the blocks.
    package static func blocks(pem: [UInt8]) throws(X509Error) -> [[UInt8]] {
        guard pem.count <= maximumCount * maximumLength else { throw .tooLarge }
        let blocks: [[UInt8]]? = unsafe pem.withUnsafeBytes { bytes -> [[UInt8]]? in
            guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { unsafe BIO_free(source) }
            return unsafe Self.blocks(source)
        }
        ERR_clear_error()
        guard let blocks, !blocks.isEmpty else { throw .malformedPEM }
        guard blocks.count <= maximumCount else { throw .tooLarge }
        return blocks
    }

    /// Reads one certificate, in PEM or as base64 of its DER.
    package init(text: String) throws(X509Error) {
        if let der = Base64.decode(text) {
            try self.init(der: der)
            return
        }
        let found = try Self.list(pem: Array(text.utf8))
        guard let first = found.first, found.count == 1 else { throw .malformedPEM }
        self = first
    }

    /// Nil when a block is no certificate, or carries a header, or cannot be read.
    private static func blocks(_ source: OpaquePointer) -> [[UInt8]]? {
        var found: [[UInt8]] = []
        while found.count <= maximumCount {
            var name: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var data: UnsafeMutablePointer<UInt8>?
            var length = 0
            guard unsafe PEM_read_bio(source, &name, &header, &data, &length) == 1 else {
                let isEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
                return isEnd ? found : nil
            }
            defer {
                unsafe mayfly_openssl_free(name)
                unsafe mayfly_openssl_free(header)
                unsafe mayfly_openssl_clear_free(data, length)
            }
            guard let name = unsafe name, unsafe String(cString: name) == "CERTIFICATE", let header = unsafe header,
                unsafe header.pointee == 0, let data = unsafe data, length > 0
            else { return nil }
            found.append(unsafe Array(UnsafeBufferPointer(start: data, count: length)))
        }
        return found
    }
}
