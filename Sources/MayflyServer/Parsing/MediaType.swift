/// Reads the media type of a Content-Type header (RFC 9110 §8.3.1).
package enum MediaType {
    /// The type in lower case without its parameters, or nil when it is not `token/token`.
    package static func parse(_ bytes: [UInt8]) -> String? {
        let essence = ASCII.trimmed(bytes.prefix { $0 != UInt8(ascii: ";") })
        let parts = essence.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(ASCII.isTokenCharacter) }) else {
            return nil
        }
        return String(decoding: essence.map(ASCII.lowercased), as: UTF8.self)
    }
}
