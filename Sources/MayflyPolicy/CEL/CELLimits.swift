/// The bounds of an expression, when it is written and when it is evaluated.
package struct CELLimits: Equatable, Sendable {
    /// Bytes of UTF-8 of one expression.
    package var sourceBytes = 4096
    /// Bytes of one name.
    package var nameBytes = 64
    /// Expressions inside expressions, the outermost counting one, parentheses included.
    package var depth = 32
    /// Operators, calls, names and literals of one expression.
    package var nodes = 512
    /// Elements of one list literal, entries of one map literal.
    package var literalElements = 256
    /// `all`, `exists` and their like inside each other.
    package var comprehensionDepth = 2
    /// Steps that an expression may need at worst, see `CELExpression.cost`.
    package var cost = 10_000

    /// Elements that the estimate of the worst case takes a list or map to have when it cannot know.
    package var assumedElements = 32
    /// Bytes that the estimate of the worst case takes a text to have when it cannot know.
    package var assumedBytes = 256

    /// Steps of one evaluation; about one for each operator, and one for each 64 bytes that are compared or copied.
    package var steps = 10_000
    /// Bytes of the longest text that an evaluation may make.
    package var madeBytes = 65_536
    /// Elements of the longest list that an evaluation may make.
    package var madeElements = 4096

    package init() {}

    package static let standard = CELLimits()
}
