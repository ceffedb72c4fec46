internal import MayflyModel

/// The name of a key in a PKCS#11 token (RFC 7512 §2), as far as Mayfly understands one.
///
/// `pkcs11:token=LABEL;object=LABEL;id=%01%02;type=private`: the token's label, and the key's label or id or both. All
/// else is refused: a module and a PIN are never named by whoever names a key.
package struct PKCS11URI: Equatable, Sendable {
    package static let scheme = "pkcs11:"
    /// Far longer than a label of 32 bytes and an id need, every byte escaped.
    private static let maximumLength = 1024
    private static let maximumValue = 128

    package let token: String
    /// CKA_LABEL; empty for any.
    package let object: [UInt8]
    /// CKA_ID; empty for any.
    package let id: [UInt8]

    package static let form =
        "pkcs11:token=LABEL;object=LABEL or pkcs11:token=LABEL;id=%01, with type=private at most beside them"

    /// Nil for what is not such a name.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength, text.utf8.starts(with: Self.scheme.utf8) else { return nil }
        var values: [String: [UInt8]] = [:]
        let path = text.utf8.dropFirst(Self.scheme.utf8.count)
        for part in path.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let name = String(validating: sides[0], as: UTF8.self),
                ["token", "object", "id", "type"].contains(name), values[name] == nil,
                let value = Self.decode(sides[1]), (1...Self.maximumValue).contains(value.count)
            else { return nil }
            values[name] = value
        }
        guard let label = values["token"], label.count <= 32, let token = String(validating: label, as: UTF8.self),
            !label.contains(0), values["object"] != nil || values["id"] != nil,
            values["type"].map({ $0.elementsEqual("private".utf8) }) ?? true
        else { return nil }
        (self.token, object, id) = (token, values["object"] ?? [], values["id"] ?? [])
    }

    /// What the key is called in its token.
    package var name: PKCS11Token.Name { PKCS11Token.Name(id: id, label: object) }

    /// Undoes the escapes; nil for a character that RFC 7512 §2.3 wants escaped, such as `?`, `/` and a space.
    private static func decode(_ text: Substring.UTF8View) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                guard isPlain(byte) else { return nil }
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~:[]@!$'()*+,=&".utf8.contains(byte)
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
