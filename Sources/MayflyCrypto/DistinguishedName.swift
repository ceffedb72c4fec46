internal import COpenSSL

/// A distinguished name (RFC 5280 §4.1.2.4), compared as OpenSSL compares names: spelling of case and spaces, and the
/// type of a string, make no difference; order of the parts does.
package struct DistinguishedName: Sendable {
    /// Bytes of a name as text.
    package static let maximumLength = 1024

    /// The name in DER; empty for one that could not be encoded, which is equal to nothing.
    let der: [UInt8]

    init(der: [UInt8]) {
        self.der = der
    }

    /// Whether it has no part at all.
    package var isEmpty: Bool { der.isEmpty || der == [0x30, 0] }

    /// Reads the string form of RFC 4514, whose last part comes first; nil for anything else, and for an empty name.
    ///
    /// Attribute types are those of RFC 4514 §3 in any case, OpenSSL's short and long names, and dotted numbers.
    package init?(rfc4514 text: String) {
        guard text.utf8.count <= Self.maximumLength, !text.utf8.contains(0) else { return nil }
        guard let parts = DistinguishedNameParser.parse(Array(text.utf8)), let name = NameHandle() else {
            return nil
        }
        for part in parts.reversed() {
            for (index, attribute) in part.enumerated() {
                guard name.add(attribute, startsPart: index == 0) else {
                    ERR_clear_error()
                    return nil
                }
            }
        }
        der = name.encoded()
        guard !isEmpty else { return nil }
    }

}

extension DistinguishedName: Equatable {
    package static func == (left: DistinguishedName, right: DistinguishedName) -> Bool {
        guard let first = NameHandle(der: left.der), let second = NameHandle(der: right.der) else { return false }
        return first.isSame(as: second)
    }
}

/// Owns one name of OpenSSL's.
@safe private struct NameHandle: ~Copyable {
    private let pointer: OpaquePointer  // X509_NAME *, owned here alone

    init?() {
        guard let name = unsafe X509_NAME_new() else { return nil }
        unsafe pointer = name
    }

    init?(der: [UInt8]) {
        let found: OpaquePointer? = unsafe der.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var position: UnsafePointer<UInt8>? = unsafe base
            guard let name = unsafe d2i_X509_NAME(nil, &position, bytes.count) else { return nil }
            if unsafe position == base + bytes.count { return unsafe name }
            unsafe X509_NAME_free(name)
            return nil
        }
        guard let found = unsafe found else {
            ERR_clear_error()
            return nil
        }
        unsafe pointer = found
    }

    deinit { unsafe X509_NAME_free(pointer) }

    func isSame(as other: borrowing NameHandle) -> Bool {
        unsafe X509_NAME_cmp(pointer, other.pointer) == 0
    }

    func encoded() -> [UInt8] {
        let name = unsafe pointer
        return unsafe X509Handle.bytes { unsafe i2d_X509_NAME(name, $0) }
    }

    /// Adds an attribute, in a part of its own or to the one before.
    func add(_ attribute: DistinguishedNameParser.Attribute, startsPart: Bool) -> Bool {
        guard let type = unsafe OBJ_txt2obj(attribute.type, 0) else { return false }
        defer { unsafe ASN1_OBJECT_free(type) }
        let name = unsafe pointer
        let position: Int32 = startsPart ? 0 : -1
        switch attribute.value {
        case .text(let bytes):
            return unsafe bytes.withUnsafeBufferPointer {
                unsafe X509_NAME_add_entry_by_OBJ(
                    name, type, MBSTRING_UTF8, $0.baseAddress, Int32(clamping: $0.count), -1, position) == 1
            }
        case .der(let bytes):
            return unsafe bytes.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return false }
                var place: UnsafePointer<UInt8>? = unsafe base
                guard let value = unsafe d2i_ASN1_PRINTABLE(nil, &place, buffer.count) else { return false }
                defer { unsafe ASN1_STRING_free(value) }
                guard unsafe place == base + buffer.count else { return false }
                return unsafe X509_NAME_add_entry_by_OBJ(
                    name, type, ASN1_STRING_type(value), ASN1_STRING_get0_data(value), ASN1_STRING_length(value), -1,
                    position) == 1
            }
        }
    }
}
