/// An Authorization header (RFC 9110 §11.6.2), read by its scheme.
package enum AuthorizationHeader: Equatable, Sendable {
    case basic(BasicCredentials)
    case bearer(BearerCredentials)
    /// A token bound to a key; its proof travels in the `DPoP` header (RFC 9449 §7.1).
    case dpop(BearerCredentials)
    /// A scheme that Mayfly does not take; its credentials are dropped unread.
    case unsupported

    /// Reads a field value: a scheme in any case, spaces, credentials.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> AuthorizationHeader {
        try parse(bytes[...])
    }

    package static func parse(_ bytes: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> AuthorizationHeader {
        let space = bytes.firstIndex(of: 0x20) ?? bytes.endIndex
        let scheme = bytes[..<space]
        guard !scheme.isEmpty, scheme.allSatisfy(ASCII.isTokenCharacter) else { throw .invalidCredentials }
        var credentials = bytes[space...]
        while credentials.first == 0x20 { credentials.removeFirst() }
        if ASCII.equalIgnoringCase(scheme, "bearer".utf8) { return .bearer(try BearerCredentials.parse(credentials)) }
        if ASCII.equalIgnoringCase(scheme, "basic".utf8) {
            return .basic(try BasicCredentials.parse(Array(credentials)))
        }
        if ASCII.equalIgnoringCase(scheme, "dpop".utf8) { return .dpop(try BearerCredentials.parse(credentials)) }
        return .unsupported
    }

    package static func parse(_ value: String) throws(HTTPSyntaxError) -> AuthorizationHeader {
        try parse(Array(value.utf8))
    }
}
