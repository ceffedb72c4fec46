/// One word of an expression.
struct CELToken {
    enum Kind: Equatable {
        case end
        case name(String)
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case text(String)
        case bytes([UInt8])
        case sign(CELOperator)
        case question
        case colon
        case comma
        case dot
        case openParenthesis
        case closeParenthesis
        case openBracket
        case closeBracket
        case openBrace
        case closeBrace
    }

    let kind: Kind
    /// Bytes of the source before it.
    let offset: Int

    /// Words that name nothing, not even a field.
    static let keywords: [String] = ["true", "false", "null", "in"]

    /// Words that name neither a variable nor a function.
    static let reserved: [String] = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]
}
