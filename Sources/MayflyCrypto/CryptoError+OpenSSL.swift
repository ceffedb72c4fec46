internal import COpenSSL

extension CryptoError {
    /// The newest error in this thread's OpenSSL queue, which is empty afterwards: a stale entry must not explain a
    /// later failure.
    static func takeFromOpenSSL() -> CryptoError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        return ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE ? .outOfMemory : .openSSL(UInt(code))
    }
}
