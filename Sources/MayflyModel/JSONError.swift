/// Why a text is not the JSON that Mayfly accepts; offsets count bytes and no input is repeated.
package enum JSONError: Error, Equatable, Sendable {
    case unexpectedEnd
    case unexpectedByte(offset: Int)
    case trailingBytes(offset: Int)
    case controlCharacter(offset: Int)
    case loneSurrogate(offset: Int)
    case duplicateName(offset: Int)
    case invalidUTF8
    case tooDeep
    case tooManyMembers
    case tooManyElements
    case notAnObject
}

extension JSONError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpectedEnd: "the JSON text ends too early"
        case .unexpectedByte(let offset): "unexpected character at byte \(offset)"
        case .trailingBytes(let offset): "text follows the JSON value at byte \(offset)"
        case .controlCharacter(let offset): "unescaped control character at byte \(offset)"
        case .loneSurrogate(let offset): "half a surrogate pair at byte \(offset)"
        case .duplicateName(let offset): "the same member name twice, before byte \(offset)"
        case .invalidUTF8: "a string is not valid UTF-8"
        case .tooDeep: "nested deeper than \(JSONParser.maximumDepth) levels"
        case .tooManyMembers: "an object has more than \(JSONParser.maximumMembers) members"
        case .tooManyElements: "an array has more than \(JSONParser.maximumElements) elements"
        case .notAnObject: "the JSON text is not an object"
        }
    }
}
