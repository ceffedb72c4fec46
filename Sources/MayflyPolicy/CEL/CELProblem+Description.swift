/// What is wrong, and what helps; a name that the text made up is not repeated, since the place says where it stands.
extension CELProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sourceTooLong(let maximum): "the expression is longer than \(maximum) bytes"
        case .nameTooLong(let maximum): "a name is longer than \(maximum) bytes"
        case .tooDeep(let maximum): "nested deeper than \(maximum) levels; split the condition in several rules"
        case .tooManyNodes(let maximum): "more than \(maximum) operators, names and literals; split the condition"
        case .tooManyElements(let maximum): "a list or map has more than \(maximum) elements; pass it as a variable"
        case .tooManyComprehensions(let maximum): "more than \(maximum) of all, exists and their like inside each other"
        case .tooCostly(let maximum): "may take more than \(maximum) steps; shorten the lists it goes through"
        case .unexpectedEnd: "the expression ends too early"
        case .unexpectedCharacter: "a character that begins nothing in the language"
        case .expected(let what): "expected \(what)"
        case .unterminatedText: "a text has no closing quote"
        case .lineBreakInText: "a line break inside quotes; write \\n or use three quotes"
        case .invalidEscape: "an unknown escape; write \\\\ for a backslash, or use a raw text r\"…\""
        case .invalidCodePoint: "an escape that names no Unicode character"
        case .invalidNumber: "a number that is not written as the language has it"
        case .numberOutOfRange: "a number past the range of its type"
        case .reservedWord(let word): "\(word) is a reserved word and names nothing"
        case .leftOut(let feature): feature.description
        case .unknownVariable: "there is no variable of this name"
        case .unknownFunction: "there is no function of this name"
        case .unknownMethod: "there is no method of this name"
        case .unknownField(_, let allowed):
            "there is no field of this name; there are: \(allowed.joined(separator: ", "))"
        case .functionIsMethod(let name): "\(name) is a method: write x.\(name)(…)"
        case .wrongOperands(let sign, let types): "\(sign.rawValue) is not defined for \(Self.list(types))"
        case .wrongOperand(let sign, let type): "\(sign.rawValue) is not defined for \(type)"
        case .wrongArguments(let function, let types): "\(function) is not defined for \(Self.list(types))"
        case .wrongArgumentCount(let function, let expected): "\(function) takes \(expected)"
        case .invalidLiteral(let function): "\(function) can never read this text"
        case .notSelectable(let type): "\(type) has no fields to select"
        case .notIndexable(let type): "\(type) cannot be indexed"
        case .wrongKey(let type): "\(type) cannot be an index or key here"
        case .notIterable(let type): "expected a list or a map to go through, found \(type)"
        case .notBoolean(let type): "expected a condition, found \(type)"
        case .branchesDiffer(let left, let right): "the branches of ?: have two types, \(left) and \(right)"
        case .expectedName: "expected a plain name for the element"
        case .expectedSelection: "has() takes a field selection such as a.b"
        case .objectAsValue(let name): "\(name) is an object and no value by itself; select a field of it"
        case .wrongResult(let expected, let found): "the expression must be \(expected) and is \(found)"
        }
    }

    private static func list(_ types: [CELType]) -> String {
        types.isEmpty ? "nothing" : types.map(\.description).joined(separator: " and ")
    }
}
