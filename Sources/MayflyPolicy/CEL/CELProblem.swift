/// What is wrong with an expression when it is compiled.
///
/// Names are those of the expression, at most `CELLimits.nameBytes` of visible ASCII; no other input is repeated.
package enum CELProblem: Equatable, Sendable {
    // Limits
    case sourceTooLong(maximum: Int)
    case nameTooLong(maximum: Int)
    case tooDeep(maximum: Int)
    case tooManyNodes(maximum: Int)
    case tooManyElements(maximum: Int)
    case tooManyComprehensions(maximum: Int)
    case tooCostly(maximum: Int)

    // Text
    case unexpectedEnd
    case unexpectedCharacter
    /// Holds fixed text that says what would be right.
    case expected(String)
    case unterminatedText
    case lineBreakInText
    case invalidEscape
    case invalidCodePoint
    case invalidNumber
    case numberOutOfRange
    case reservedWord(String)
    case leftOut(CELLeftOut)

    // Names
    case unknownVariable(String)
    case unknownFunction(String)
    case unknownMethod(String)
    case unknownField(String, allowed: [String])
    /// A method that is called as a function.
    case functionIsMethod(String)

    // Types
    case wrongOperands(CELOperator, [CELType])
    case wrongOperand(CELOperator, CELType)
    case wrongArguments(function: String, found: [CELType])
    case wrongArgumentCount(function: String, expected: String)
    /// Literal text that the conversion can never read.
    case invalidLiteral(function: String)
    case notSelectable(CELType)
    case notIndexable(CELType)
    case wrongKey(CELType)
    case notIterable(CELType)
    case notBoolean(CELType)
    case branchesDiffer(CELType, CELType)
    case expectedName
    case expectedSelection
    /// Holds the name of the object type.
    case objectAsValue(String)
    case wrongResult(expected: CELType, found: CELType)
}
