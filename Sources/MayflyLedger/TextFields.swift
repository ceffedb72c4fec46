/// The few lexical rules that checkpoints, notes and proof files share.
enum TextFields {
    static let newline = UInt8(ascii: "\n")

    /// A decimal number without sign and leading zeros, or nil.
    static func decimal(_ digits: some Collection<UInt8>) -> UInt64? {
        guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            let (shifted, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = shifted.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else { return nil }
            value = sum
        }
        return value
    }

    /// One line without its newline: not empty, and nothing below U+0020 in it.
    static func isLine(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 }
    }

    /// The text of these bytes, or nil unless they are UTF-8 without control characters other than newline.
    static func text(_ bytes: some Collection<UInt8>) -> String? {
        guard bytes.allSatisfy({ $0 >= 0x20 || $0 == newline }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Byte equality: Swift's `==` holds canonically equivalent names for equal, and a signer's name must not be.
    static func same(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }
}
