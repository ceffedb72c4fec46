/// Ends the process when a property does not hold: libFuzzer takes that for a crash and keeps the input.
func require(_ holds: Bool, _ property: String, line: UInt = #line, file: StaticString = #fileID) {
    guard holds else { fatalError(property, file: file, line: line) }
}

/// What `body` answers; a throw breaks the property.
func require<Value>(
    _ property: String, line: UInt = #line, file: StaticString = #fileID, _ body: () throws -> Value
) -> Value {
    do {
        return try body()
    } catch {
        fatalError("\(property): \(error)", file: file, line: line)
    }
}

extension String {
    /// Equal byte for byte, which `==` is not.
    func isExactly(_ other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }

    /// Percent-encoded, all but the unreserved characters of RFC 3986 §2.3.
    var percentEncoded: String {
        var output = ""
        for byte in utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                output.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                output += byte < 0x10 ? "%0" : "%"
                output += String(byte, radix: 16, uppercase: true)
            }
        }
        return output
    }
}
