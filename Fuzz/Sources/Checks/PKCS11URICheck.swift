import MayflyCrypto

/// A key's name says the same however its bytes are escaped, and never more than a token can hold.
enum PKCS11URICheck {
    static func run(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self), let uri = PKCS11URI(text) else { return }
        require(uri.token.utf8.count <= 32 && !uri.token.utf8.contains(0), "a label fits into a token")
        require(!uri.object.isEmpty || !uri.id.isEmpty, "a name names a key")
        var spelt = PKCS11URI.scheme + "token=" + uri.token.percentEncoded
        if !uri.object.isEmpty { spelt += ";object=" + escaped(uri.object) }
        if !uri.id.isEmpty { spelt += ";id=" + escaped(uri.id) }
        require(PKCS11URI(spelt) == uri, "the same name with every byte escaped is the same name")
    }

    private static func escaped(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 0x10 ? "%0" : "%") + String($0, radix: 16) }.joined()
    }
}
