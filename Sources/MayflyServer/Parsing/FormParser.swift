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
        guard !bytes.contains(where: ASCII.isControl) else { throw .forbiddenCharacter }
        var fields: [FormFields.Field] = []
        var count = 0
        var rest = bytes
        while !rest.isEmpty {
            count += 1
            guard count <= maximumFields else { throw .tooManyFields }
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let pair = rest[rest.startIndex..<end]
            rest = end < rest.endIndex ? rest[(end + 1)...] : []
            guard !pair.isEmpty else { continue }
            fields.append(try field(pair))
        }
        return FormFields(fields)
    }

    private static func field(_ pair: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> FormFields.Field {
        let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
        let value = equals < pair.endIndex ? pair[(equals + 1)...] : []
        let name = try PercentEncoding.decode(pair[pair.startIndex..<equals], plusIsSpace: true)
        guard !name.isEmpty else { throw .emptyName }
        guard name.utf8.count <= maximumNameLength else { throw .nameTooLong }
        return FormFields.Field(name: name, value: try PercentEncoding.decode(value, plusIsSpace: true))
    }
}
