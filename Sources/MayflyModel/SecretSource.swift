/// Where a passphrase or a PIN is to be read from, once; never the secret itself.
package enum SecretSource: Equatable, Sendable {
    /// A file of mode 0600 whose one line is the secret.
    case file(String)
    /// A descriptor that whoever starts the program has opened.
    case descriptor(Int32)
    /// A file of this name in systemd's `$CREDENTIALS_DIRECTORY`.
    case credential(String)

    package static let descriptorRule = "is the number of a descriptor that is open for reading: 0, or 3 to 1023"
    package static let credentialRule = "is a credential's name: 1 to 255 of A-Z a-z 0-9 . _ - and no dot in front"

    /// A descriptor's number; nil for what is no such number, and for standard output and error.
    package static func descriptor(_ text: String) -> SecretSource? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int32(text)
        else { return nil }
        return descriptor(number: Int64(number))
    }

    package static func descriptor(number: Int64) -> SecretSource? {
        guard number == 0 || (3...1023).contains(number), let exact = Int32(exactly: number) else { return nil }
        return .descriptor(exact)
    }

    /// A credential by its name; nil for what could be a path out of the directory.
    package static func named(_ name: String) -> SecretSource? {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, (1...255).contains(name.utf8.count), name.utf8.first != UInt8(ascii: ".") else { return nil }
        return .credential(name)
    }
}
