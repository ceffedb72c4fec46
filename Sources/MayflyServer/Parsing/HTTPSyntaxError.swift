/// Why a part of an HTTP request is not what Mayfly accepts; no input is repeated.
package enum HTTPSyntaxError: Error, Equatable, Sendable, CaseIterable {
    case invalidEscape
    case invalidUTF8
    case forbiddenCharacter
    case tooManyFields
    case emptyName
    case nameTooLong
    case repeatedField
    case invalidTarget
    case targetTooLong
    case invalidMethod
    case malformedHeader
    case headerTooLarge
    case invalidHost
    case ambiguousLength
    case bodyTooLarge
    case unsupportedTransferCoding
    case invalidCredentials
    case credentialsTooLong
    case invalidTraceParent
    case invalidEntityTag
    case tooManyEntityTags

    /// The status for a request refused over it.
    package var status: Int {
        switch self {
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .headerTooLarge: 431
        case .unsupportedTransferCoding: 501
        case .invalidEscape, .invalidUTF8, .forbiddenCharacter, .tooManyFields, .emptyName, .nameTooLong,
            .repeatedField, .invalidTarget, .invalidMethod, .malformedHeader, .invalidHost, .ambiguousLength,
            .invalidCredentials, .credentialsTooLong, .invalidTraceParent, .invalidEntityTag, .tooManyEntityTags:
            400
        }
    }
}

extension HTTPSyntaxError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidEscape: "a percent escape is not two hexadecimal digits"
        case .invalidUTF8: "the text is not valid UTF-8"
        case .forbiddenCharacter: "the text holds a character that is not allowed"
        case .tooManyFields: "more than \(FormParser.maximumFields) parameters"
        case .emptyName: "a parameter has no name"
        case .nameTooLong: "a parameter name is longer than \(FormParser.maximumNameLength) bytes"
        case .repeatedField: "a parameter is repeated"
        case .invalidTarget: "the request target is not a path"
        case .targetTooLong: "the request target is too long"
        case .invalidMethod: "the method is not a token"
        case .malformedHeader: "the request header is malformed"
        case .headerTooLarge: "the request header is too large"
        case .invalidHost: "the request needs exactly one Host"
        case .ambiguousLength: "the length of the body is ambiguous"
        case .bodyTooLarge: "the body is too large"
        case .unsupportedTransferCoding: "the transfer coding is not supported"
        case .invalidCredentials: "the credentials are malformed"
        case .credentialsTooLong: "the credentials are too long"
        case .invalidTraceParent: "the trace parent is malformed"
        case .invalidEntityTag: "an entity tag is malformed"
        case .tooManyEntityTags: "more than \(IfMatch.maximumTags) entity tags"
        }
    }
}
