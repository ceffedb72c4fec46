import MayflyCrypto

/// Reads application/x-www-form-urlencoded as UTF-8 (RFC 6749 appendix B), strictly.
package enum FormParser {
    /// Pairs in one form, empty stretches between two `&` counted.
    package static let maximumFields = 64
    /// Bytes of one decoded name.
    package static let maximumNameLength = 64

    /// Reads a whole body.
    ///
    /// Raw control characters, broken escapes, NUL and invalid UTF-8 are refused; `a` means `a=`.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> FormFields {
        try parse(bytes[...])
    }

    static func parse(_ bytes: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> FormFields {
        guard !bytes.isEmpty else { return FormFields() }
        var fields = FormFields(reserving: bytes.count)
        var count = 0
        var rest = bytes
        while !rest.isEmpty {
            count += 1
            guard count <= maximumFields else { throw .tooManyFields }
            let end = ByteSearch.index(of: UInt8(ascii: "&"), in: rest) ?? rest.endIndex
            let pair = rest[rest.startIndex..<end]
            rest = end < rest.endIndex ? rest[(end + 1)...] : []
            guard !pair.isEmpty else { continue }
            try read(pair, into: &fields)
        }
        return fields
    }

    private static func read(_ pair: ArraySlice<UInt8>, into fields: inout FormFields) throws(HTTPSyntaxError) {
        let equals = ByteSearch.index(of: UInt8(ascii: "="), in: pair) ?? pair.endIndex
        let encoded = equals < pair.endIndex ? pair[(equals + 1)...] : []
        let name = try PercentEncoding.decodedBytes(pair[pair.startIndex..<equals], plusIsSpace: true)
        guard !name.isEmpty else { throw .emptyName }
        guard name.count <= maximumNameLength else { throw .nameTooLong }
        fields.append(name: name, value: try PercentEncoding.decodedBytes(encoded, plusIsSpace: true))
    }
}
